/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What front ends use: the command, the bridge, the terminal UI include this header only.
 *
 * Threads: every call is synchronous on the caller's thread; an object stays on the thread that
 * made it; a front end that must not block runs calls on a worker thread of its own.
 * Cancelling: each call that can take long has a TamgaCall with a deadline and a descriptor that
 * becomes readable when the person gives up; the call then ends within a second, its helper
 * processes are dead and nothing is half written.
 * Time: "now" is an argument everywhere (TamgaStatusContext.now, TamgaSignContext.clock).
 * Errors: GError with a domain per module and a stable code; tamga_failure_* (failure.h) turns them
 * into an exit code and into advice. */
#pragma once

#include "client/call.h"
#include "client/failure.h"
#include "client/journal/journal.h"
#include "client/json.h"
#include "client/keys/keys.h"
#include "client/keys/watch.h"
#include "client/net/fetch.h"
#include "client/profile/config.h"
#include "client/profile/profile.h"
#include "client/render/render.h"
#include "client/show/extract.h"
#include "client/show/show.h"
#include "client/sign/choose.h"
#include "client/sign/extend.h"
#include "client/sign/job.h"
#include "client/status/procedure.h"
#include "client/status/status.h"
#include "client/timestamp/stamper.h"
#include "client/timestamp/timestamp.h"
#include "client/trust/trust.h"
#include "client/validate/particulars.h"
#include "client/validate/validation.h"
#include "formats/format.h"
