// SPDX-License-Identifier: GPL-3.0-or-later
// xadesjs-sign.mjs KEY(PKCS#8 PEM) CERTIFICATE(PEM) IN OUT: an enveloped XAdES-BES signature with
// SHA-256, made by xadesjs and put at the end of the document.
import { readFileSync, writeFileSync } from 'node:fs';
import { createPrivateKey, createPublicKey, webcrypto } from 'node:crypto';
import { DOMImplementation, DOMParser, XMLSerializer } from '@xmldom/xmldom';
import xpath from 'xpath';
import * as core from 'xml-core';
import * as xades from 'xadesjs';

core.setNodeDependencies({ XMLSerializer, DOMParser, DOMImplementation, xpath });
xades.Application.setEngine('node', webcrypto);
const [keyFile, certificateFile, input, output] = process.argv.slice(2);
const secret = createPrivateKey(readFileSync(keyFile));
const algorithm = secret.asymmetricKeyType === 'ec'
    ? { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
    : { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
const load = (kind, key, type, uses) => webcrypto.subtle.importKey(
    kind, key.export({ type, format: 'der' }), algorithm, true, uses);
const privateKey = await load('pkcs8', secret, 'pkcs8', ['sign']);
const publicKey = await load('spki', createPublicKey(secret), 'spki', ['verify']);
const certificate = readFileSync(certificateFile, 'utf8').replace(/-----[^-]+-----|\s/g, '');
const xml = xades.Parse(readFileSync(input, 'utf8'));
const signed = new xades.SignedXml();
const signature = await signed.Sign(algorithm, privateKey, xml, {
    keyValue: publicKey,
    references: [{ uri: '', hash: 'SHA-256', transforms: ['enveloped', 'exc-c14n'] }],
    x509: [certificate],
    signingCertificate: certificate,
});
xml.documentElement.appendChild(signature.GetXml());
writeFileSync(output, new XMLSerializer().serializeToString(xml));
