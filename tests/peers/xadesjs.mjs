// SPDX-License-Identifier: GPL-3.0-or-later
// xadesjs.mjs FILE...: the signatures of XML files, verified by xadesjs. One line of JSON each:
// file, valid (all of them), count, time (of the first). Exit 0: every file is valid and its XAdES
// properties were read; 1: one is not; other: no answer.
import { readFileSync } from 'node:fs';
import { webcrypto, X509Certificate } from 'node:crypto';
import { DOMImplementation, DOMParser, XMLSerializer } from '@xmldom/xmldom';
import xpath from 'xpath';
import * as core from 'xml-core';
import * as xades from 'xadesjs';
import * as xmldsig from 'xmldsigjs';

core.setNodeDependencies({ XMLSerializer, DOMParser, DOMImplementation, xpath });
xades.Application.setEngine('node', webcrypto);
const DSIG = 'http://www.w3.org/2000/09/xmldsig#';

// The key of the first certificate, for the algorithm of the signature.
function keyOf(signature) {
    const found = signature.getElementsByTagNameNS(DSIG, 'X509Certificate')[0];
    const key = new X509Certificate(Buffer.from(found.textContent, 'base64')).publicKey;
    const method = signature.getElementsByTagNameNS(DSIG, 'SignatureMethod')[0]
        .getAttribute('Algorithm');
    const curve = { prime256v1: 'P-256', secp384r1: 'P-384', secp521r1: 'P-521' }[
        key.asymmetricKeyDetails.namedCurve];
    const algorithm = curve ? { name: 'ECDSA', namedCurve: curve } : {
        name: method.includes('MGF1') ? 'RSA-PSS' : 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
    return webcrypto.subtle.importKey('spki', key.export({ type: 'spki', format: 'der' }),
        algorithm, true, ['verify']);
}

async function check(text, number, withKey) {
    const xml = xades.Parse(text); // its transforms change the tree
    const signature = xml.getElementsByTagNameNS(DSIG, 'Signature')[number];
    const plain = signature.getElementsByTagNameNS('*', 'QualifyingProperties').length === 0;
    const signed = plain ? new xmldsig.SignedXml(xml) : new xades.SignedXml(xml);
    signed.LoadXml(signature);
    const valid = await (withKey ? signed.Verify(await keyOf(signature)) : signed.Verify());
    return { valid, time: signed.SignedProperties?.SignedSignatureProperties?.SigningTime?.Value };
}

// It reads every certificate of KeyInfo as one of the signer's algorithm, which an issuer in the
// chain (XMLDSig 4.5.4) needs not have: then it is told whose key to take.
function checkAny(text, number) {
    return check(text, number, false).catch((error) => {
        if (!`${error}`.includes('public key algorithm'))
            throw error;
        return check(text, number, true);
    });
}

async function verify(file) {
    const text = readFileSync(file, 'utf8');
    const count = xades.Parse(text).getElementsByTagNameNS(DSIG, 'Signature').length;
    let valid = count > 0, time;
    for (let i = 0; i < count; i++) {
        const answer = await checkAny(text, i);
        valid = answer.valid && valid;
        time ??= answer.time;
    }
    return { file, valid, count, time };
}

process.exitCode = 0;
for (const file of process.argv.slice(2)) {
    const answer = await verify(file).catch((error) => ({ file, valid: false, error: `${error?.message ?? error}` }));
    console.log(JSON.stringify(answer));
    if (!answer.valid || !answer.time)
        process.exitCode = 1;
}
