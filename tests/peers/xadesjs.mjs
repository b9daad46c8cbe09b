// SPDX-License-Identifier: GPL-3.0-or-later
// xadesjs.mjs FILE: the first signature of an XML file, verified by xadesjs. Exit 0: it is valid and
// its XAdES properties were read; 1: it is not; other: no answer.
import { readFileSync } from 'node:fs';
import { webcrypto } from 'node:crypto';
import { DOMImplementation, DOMParser, XMLSerializer } from '@xmldom/xmldom';
import xpath from 'xpath';
import * as core from 'xml-core';
import * as xades from 'xadesjs';

core.setNodeDependencies({ XMLSerializer, DOMParser, DOMImplementation, xpath });
xades.Application.setEngine('node', webcrypto);
const xml = xades.Parse(readFileSync(process.argv[2], 'utf8'));
const found = xml.getElementsByTagNameNS('http://www.w3.org/2000/09/xmldsig#', 'Signature');
const signed = new xades.SignedXml(xml);
signed.LoadXml(found[0]);
const valid = await signed.Verify();
const time = signed.SignedProperties?.SignedSignatureProperties?.SigningTime?.Value;
console.log(JSON.stringify({ valid, time }));
process.exitCode = valid && time ? 0 : 1;
