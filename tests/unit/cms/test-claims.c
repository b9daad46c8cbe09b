/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Claims under a CAdES signature, content timestamps, and countersignatures. */
int main (void)
{
    return 0;
}
