/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of subcommands: a new one is a row and a file. */
#include "client/cli/cli.h"

const TamgaCommand tamga_commands[] = {
    {"sign", "FILE…", "sign documents with your card or key file", "tamga sign contract.pdf",
     tamga_cli_sign, TRUE},
    {"verify", "FILE…", "check signatures and say whether they may be relied on",
     "tamga verify contract.signed.pdf", tamga_cli_verify, FALSE},
    {"show", "FILE…", "what is in a signed file: signatures, timestamps, certificates, evidence",
     "tamga show contract.signed.pdf", tamga_cli_show, FALSE},
    {"extract", "FILE", "give back the document that was signed", "tamga extract contract.txt.p7m",
     tamga_cli_extract, FALSE},
    {"extend", "FILE…", "make signatures last: timestamps, evidence, archive timestamps",
     "tamga extend contract.signed.pdf", tamga_cli_extend, FALSE},
    {"timestamp", "FILE…", "prove that documents exist now, without a signature",
     "tamga timestamp draft.pdf", tamga_cli_timestamp, FALSE},
    {"token", "list|info|pin", "cards and tokens that are plugged in", "tamga token list",
     tamga_cli_token, TRUE},
    {"key", "list", "keys on a card or in a key file", "tamga key list", tamga_cli_key, TRUE},
    {"cert", "show|export|status", "certificates: what they say, and their status now",
     "tamga cert show --key mykey.p12", tamga_cli_cert, TRUE},
    {"trust", "add|list|remove|distrust", "whom you trust: roots, with their fingerprints",
     "tamga trust add root.pem", tamga_cli_trust_command, FALSE},
    {"journal", "show|check", "what was signed and what was refused", "tamga journal show",
     tamga_cli_journal_command, FALSE},
    {"profile", "list|show", "country rules that are installed", "tamga profile list",
     tamga_cli_profile_command, FALSE},
    {"doctor", "", "check readers, drivers, cards, clock, services and trust", "tamga doctor",
     tamga_cli_doctor, TRUE},
    {"help", "[COMMAND]", "this list, or the help of one command", "tamga help sign",
     tamga_cli_help, FALSE},
    {NULL, NULL, NULL, NULL, NULL, FALSE},
};
