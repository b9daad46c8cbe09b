/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the supervisor's tests and their helper program agree on. */
#pragma once

enum { TEST_HELPER_BROKEN, TEST_HELPER_UNKNOWN };
#define TEST_HELPER_CODES                                                                          \
    {                                                                                              \
        "broken", "unknown", NULL                                                                  \
    }
