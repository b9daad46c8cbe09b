// SPDX-License-Identifier: GPL-3.0-or-later
// Every call of ncalayer-js-client under Node, as a portal would make it.
// node-client.mjs methods | heartbeat
import { createRequire } from 'node:module';
import fs from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import {
    asked, check, digest, env, equal, expect, finish, goodCms, goodXml, gost, journal, log,
    person, refused, until,
} from './common.mjs';

const require = createRequire(import.meta.url);
const WS = require('ws');
const PORTAL = 'https://portal.example';
const HEARTBEAT = '--heartbeat--';
let origin = PORTAL;
let handshake; // what went wrong in the last one, which the library does not tell

// As in a browser: the origin is sent, and heartbeats are not shown to the library (portals have
// handlers of their own around it).
globalThis.WebSocket = class extends WS {
    constructor(url) {
        super(url, origin ? { origin } : {});
        this.heartbeats = 0;
        this.on('error', (error) => { handshake = error.message; });
    }

    set onmessage(handler) {
        super.onmessage = (message) => {
            if (message.data === HEARTBEAT) this.heartbeats += 1;
            else handler(message);
        };
    }
};
const { NCALayerClient } = require('ncalayer-js-client');

// An ArrayBuffer would go through `btoa`, which the library has only in a browser.
const base64 = (data) => Buffer.from(data).toString('base64');
const TEXT = Buffer.from('Мен келісемін: договор №7\n');
const SECOND = Buffer.from('the second document\n');
const XML = '<?xml version="1.0" encoding="UTF-8"?>\n<order number="7"><item>қағаз</item></order>';
const FILE = NCALayerClient.fileStorageType;
const ANY = NCALayerClient.basicsSignerAny;
const STORE = NCALayerClient.basicsStoragePKCS12;

async function connected(from = PORTAL) {
    origin = from;
    const client = new NCALayerClient();
    equal(await client.connect(), '1.4', 'greeting');
    return client;
}

async function withClient(run, from = PORTAL) {
    const client = await connected(from);
    try {
        await run(client);
    } finally {
        client.wsConnection.close();
    }
}

async function turnedAway(from) {
    handshake = null;
    await refused(connected(from));
    equal(handshake, 'Unexpected server response: 403', from);
}

// Asks are made in this order, and no others.
function expectAsked(...wanted) {
    equal(asked().map((message) => message.ask), wanted, 'asked');
}

function expectCancelled(error) {
    expect(error.canceledByUser || /^500: action\.canceled/.test(error.message),
        `not a cancellation: ${error.message}`);
}

const SIGNING = ['grant', 'file', 'pin', 'consent'];

// What one signature needs, as it was asked: without the choice where one key is all there is.
function expectSigning(granted) {
    const wanted = granted ? SIGNING.slice(1) : SIGNING;
    equal(asked().map((m) => m.ask).filter((ask) => ask !== 'key'),
        wanted, 'asked');
}

async function methods() {
    await check('a greeting raises no dialog', async () => {
        person();
        await withClient(async () => sleep(300));
        equal(log(), [], 'the prompter was started');
    });

    await check('an unknown origin is asked about before anything is told', async () => {
        person();
        await withClient(async (client) => {
            equal(await client.getActiveTokens(), [], 'tokens');
            expectAsked('grant');
            equal(asked('grant')[0].capabilities, ['tokens'], 'capabilities');
            equal(log()[0].message.who.origin, PORTAL, 'who');
            equal(await client.getActiveTokens(), [], 'tokens');
            expectAsked('grant');
        });
    });

    await check('getKeyInfo tells of the certificate that the person chose', async () => {
        person();
        await withClient(async (client) => {
            const info = await client.getKeyInfo(FILE);
            for (const name of ['alias', 'keyId', 'algorithm', 'subjectCn', 'subjectDn', 'issuerCn',
                'issuerDn', 'serialNumber', 'certNotBefore', 'certNotAfter',
                'authorityKeyIdentifier', 'pem'])
                expect(typeof info[name] === 'string' && info[name], `no ${name}`);
            expect(/(^|,)SERIALNUMBER=IIN\d{12}(,|$)/.test(info.subjectDn), info.subjectDn);
            expect(new Date(Number(info.certNotAfter)) > new Date(), info.certNotAfter);
            expect(info.pem.startsWith('-----BEGIN CERTIFICATE-----'), info.pem);
            equal(asked('consent'), [], 'consents');
            expect(!JSON.stringify(info).includes(env.W), 'a path of this computer is told');
        });
    });

    await check('createCAdESFromBase64, detached, in the order grant, key, consent', async () => {
        person();
        await withClient(async (client) => {
            const made = await client.createCAdESFromBase64(FILE, base64(TEXT));
            expect(!made.includes('-----'), 'armoured');
            goodCms(made, TEXT, { level: 'B' });
            expectSigning(false);
            const consent = asked('consent')[0];
            equal([consent.count, consent.packaging, consent.timestamp], [1, 'detached', false],
                'consent');
            equal(consent.documents[0].text, TEXT.toString(), 'what is shown');
            expect(consent.checks.length > 0, 'no status of the certificate is shown');
            const entry = journal().at(-1);
            expect(JSON.stringify(entry).includes(PORTAL), `journal: ${JSON.stringify(entry)}`);
        });
    });

    await check('createCAdESFromBase64, attached, any key', async () => {
        person();
        await withClient(async (client) => {
            goodCms(await client.createCAdESFromBase64(FILE, base64(TEXT), 'ANY', true), TEXT,
                { attached: true, level: 'B' });
            expectSigning(true);
        });
    });

    await check('createCAdESFromBase64Hash, with a warning', async () => {
        person();
        await withClient(async (client) => {
            const made = await client.createCAdESFromBase64Hash(FILE, base64(digest(TEXT)));
            goodCms(made, TEXT, { level: 'B' });
            const consent = asked('consent')[0];
            expect(consent.warnings.length > 0, 'nothing warns of a lone digest');
            equal([consent.documents[0].text, consent.documents[0].view], [null, null], 'shown');
        });
    });

    await check('createCMSSignatureFromBase64 has a time stamp', async () => {
        person();
        await withClient(async (client) => {
            for (const attach of [false, true]) {
                goodCms(await client.createCMSSignatureFromBase64(FILE, base64(TEXT), 'SIGNATURE',
                    attach), TEXT, { attached: attach, level: 'T' });
            }
        });
    });

    await check('signXml', async () => {
        person();
        await withClient(async (client) => {
            const made = await client.signXml(FILE, XML);
            goodXml(made);
            expect(made.trimEnd().endsWith('</ds:Signature></order>'), made.slice(-80));
        });
    });

    await check('signXmls, in order, with one consent', async () => {
        person();
        await withClient(async (client) => {
            const made = await client.signXmls(FILE, [XML, XML.replace('7', '8')]);
            equal(made.length, 2, 'how many');
            made.forEach((one, i) => {
                goodXml(one);
                expect(one.includes(`number="${7 + i}"`), `document ${i} is another`);
            });
            equal(asked('consent').length, 1, 'consents');
            equal(asked('consent')[0].count, 2, 'count');
        });
    });

    await check('changeLocale changes what the person reads', async () => {
        person();
        await withClient(async (client) => {
            equal(await client.changeLocale('ru'), undefined, 'result');
            equal(log(), [], 'asked');
            await client.createCAdESFromBase64(FILE, base64(TEXT));
            equal(log()[0].message.locale, 'ru', 'locale');
        });
    });

    await check('basicsSignCMS, one document in every form', async () => {
        const forms = [
            [NCALayerClient.basicsCMSParamsDetached, false, 'T', TEXT],
            [NCALayerClient.basicsCMSParamsDetachedNoTSP, false, 'B', TEXT],
            [NCALayerClient.basicsCMSParamsAttached, true, 'T', TEXT],
            [NCALayerClient.basicsCMSParamsDetachedHash, false, 'T', digest(TEXT)],
        ];
        await withClient(async (client) => {
            for (const [params, attached, level, data] of forms) {
                person();
                const made = await client.basicsSignCMS(STORE, base64(data), params, ANY, 'kk');
                expect(made.startsWith('-----BEGIN CMS-----\n'), made.slice(0, 40));
                goodCms(made, TEXT, { attached, level });
                equal(asked('consent')[0].timestamp, level === 'T', 'timestamp');
                equal(log()[0].message.locale, 'kk', 'locale');
            }
        });
    });

    await check('basicsSignCMS, text and not base64, booleans as strings', async () => {
        person();
        await withClient(async (client) => {
            const made = await client.basicsSignCMS(STORE, TEXT.toString(),
                { decode: 'false', encapsulate: 'true', digested: 'false' }, ANY, 'en');
            goodCms(made, TEXT, { attached: true, level: 'B' });
        });
    });

    await check('basicsSignCMS, several documents with one consent', async () => {
        person();
        await withClient(async (client) => {
            const made = await client.basicsSignCMS(NCALayerClient.basicsStorageAll,
                [base64(TEXT), base64(SECOND)], NCALayerClient.basicsCMSParamsDetachedNoTSP, ANY);
            equal(made.length, 2, 'how many');
            goodCms(made[0], TEXT, { level: 'B' });
            goodCms(made[1], SECOND, { level: 'B' });
            equal(asked('consent').map((c) => [c.count, c.documents.length]), [[2, 2]], 'consents');
            equal(asked('pin').length, 1, 'passwords');
        });
    });

    await check('basicsSignXML, single and batch', async () => {
        person();
        await withClient(async (client) => {
            for (const data of [XML, [XML, XML.replace('7', '8')]]) {
                const made = await client.basicsSignXML(STORE, data, NCALayerClient.basicsXMLParams,
                    ANY);
                equal(made.length, Array.isArray(data) ? 2 : 1, 'how many');
                made.forEach((one) => goodXml(one));
            }
        });
    });

    await check('basicsSign raw gives signatures and the certificate', async () => {
        person();
        await withClient(async (client) => {
            const made = await client.basicsSign(STORE, 'raw', base64(TEXT), { decode: true }, ANY,
                'ru');
            equal(Object.keys(made).sort(), ['certificate', 'signatures'], 'members');
            equal(made.signatures.length, 1, 'how many');
            if (gost) return;
            const crypto = await import('node:crypto');
            expect(crypto.verify('sha256', TEXT, made.certificate,
                Buffer.from(made.signatures[0], 'base64')), 'the signature is not genuine');
        });
    });

    await check('setLogoForBasicsSign', async () => {
        person();
        await withClient(async (client) => {
            await client.setLogoForBasicsSign(base64('GIF89a'));
            goodCms(await client.basicsSignCMS(STORE, base64(TEXT),
                NCALayerClient.basicsCMSParamsDetachedNoTSP, ANY), TEXT, { level: 'B' });
        });
    });

    await check('every filter of the signer finds the key or says that there is none', async () => {
        await withClient(async (client) => {
            const params = NCALayerClient.basicsCMSParamsDetachedNoTSP;
            const signs = async (storages, signer) => client.basicsSignCMS(storages, base64(TEXT),
                params, signer);
            person();
            for (const signer of [NCALayerClient.basicsSignerSignAny,
                NCALayerClient.basicsSignerSignPerson, NCALayerClient.basicsSignerTestAny,
                { ...ANY, iin: '123456789011', bin: '', serialNumber: '' }])
                goodCms(await signs(STORE, signer), TEXT, { level: 'B' });
            for (const signer of [NCALayerClient.basicsSignerSignOrg,
                NCALayerClient.basicsSignerSignHead, NCALayerClient.basicsSignerSignTrusted,
                NCALayerClient.basicsSignerSignEmployee, NCALayerClient.basicsSignerAuthOrg,
                NCALayerClient.basicsSignerAuthHead, NCALayerClient.basicsSignerAuthRight,
                NCALayerClient.basicsSignerAuthEmployee,
                { ...ANY, iin: '000000000000' }, { ...ANY, bin: '000000000000' },
                { ...ANY, serialNumber: '01' }]) {
                person();
                await refused(signs(STORE, signer));
                equal(asked('consent'), [], 'consents');
            }
            for (const storages of [NCALayerClient.basicsStorageHardware,
                NCALayerClient.basicsStorageKAZTOKEN, NCALayerClient.basicsStorageIDCard])
                await refused(signs(storages, ANY));
        });
    });

    // What sites send that do not use this library, over its connection.
    const call = (client, method, ...args) => new Promise((resolve, reject) => {
        client.sendRequest({ module: 'kz.gov.pki.knca.commonUtils', method, args });
        client.setHandlers(resolve, reject);
    });

    await check('files are signed only where the chooser returned them on this connection', async () => {
        const chosen = `${env.W}/chosen.bin`;
        fs.writeFileSync(chosen, TEXT);
        person({ file: { keystore: env.KEY_FILE, document: chosen } });
        await withClient(async (client) => {
            await refused(call(client, 'createCAdESFromFile', FILE, 'SIGNATURE', chosen, true));
            equal(asked('consent'), [], 'consents');
            equal(await call(client, 'showFileChooser', 'ALL', ''), chosen, 'path');
            goodCms(await call(client, 'createCAdESFromFile', FILE, 'SIGNATURE', chosen, true), TEXT,
                { attached: true, level: 'B' });
            goodCms(await call(client, 'createCMSSignatureFromFile', FILE, 'SIGNATURE', chosen,
                false), TEXT, { level: 'T' });
            for (const path of [`${env.W}/../${env.W.split('/').pop()}/chosen.bin`, '/etc/passwd'])
                await refused(call(client, 'createCAdESFromFile', FILE, 'SIGNATURE', path, true));
        });
        await withClient(async (client) =>
            refused(call(client, 'createCAdESFromFile', FILE, 'SIGNATURE', chosen, true)));
    });

    await check('applyCAdEST adds a time stamp', async () => {
        person();
        await withClient(async (client) => {
            const made = await client.createCAdESFromBase64(FILE, base64(TEXT), 'SIGNATURE', true);
            goodCms(await call(client, 'applyCAdEST', FILE, 'SIGNATURE', made), TEXT,
                { attached: true, level: 'T' });
        });
    });

    await check('unknown methods, modules and the applet are answered', async () => {
        person();
        await withClient(async (client) => {
            await refused(call(client, 'formatDisk'));
            for (const request of [{ module: 'kz.example.other', method: 'x' }, { method: 'x' }, {},
                { method: 'createCMSSignature', args: ['PKCS12', '/id/a.p12', 'secret'] }]) {
                client.sendRequest(request);
                await refused(new Promise((resolve, reject) => {
                    client.setHandlers(resolve, reject);
                }));
            }
            equal(asked('pin'), [], 'passwords');
        });
    });

    await check('the KAZTOKEN service is not there', async () => {
        await withClient(async (client) => {
            equal(await client.kmdMultisignAvailable(), false, 'available');
            equal(client.isKmd, false, 'isKmd');
        });
    });

    await check('cancelling at each question reaches the site as such', async () => {
        for (const question of ['file', 'pin', 'consent']) {
            await withClient(async (client) => {
                person({ [question]: { answer: 'cancel' } });
                expectCancelled(await refused(client.createCAdESFromBase64(FILE, base64(TEXT))));
                expectCancelled(await refused(client.basicsSignCMS(STORE, base64(TEXT),
                    NCALayerClient.basicsCMSParamsDetached, ANY)));
                equal(asked().at(-1).ask, question, 'the last question');
            });
        }
    });

    await check('a prompter that dies or talks nonsense signs nothing', async () => {
        for (const say of ['', 'yes', '{"id":1,"answer":"sign"}', '[]']) {
            person({ consent: { say } });
            await withClient(async (client) =>
                refused(client.createCAdESFromBase64(FILE, base64(TEXT))));
        }
        person();
        await withClient(async (client) =>
            goodCms(await client.createCAdESFromBase64(FILE, base64(TEXT)), TEXT, { level: 'B' }));
    });

    await check('a wrong password is not a signature', async () => {
        person({ pin: { pin: 'wrong' } });
        await withClient(async (client) => {
            const error = await refused(client.createCAdESFromBase64(FILE, base64(TEXT)));
            expect(!error.message.includes('aigul'), `a path is told: ${error.message}`);
            equal(asked('consent'), [], 'consents');
        });
    });

    await check('wrong arguments are answered with errors, and no dialog', async () => {
        person();
        await withClient(async (client) => {
            const wrong = [
                () => client.getKeyInfo(null),
                () => client.getKeyInfo(7),
                () => client.createCAdESFromBase64(FILE, '***'),
                () => client.createCAdESFromBase64(FILE, ''),
                () => client.createCAdESFromBase64(FILE, base64(TEXT), 'SIGNATURE', 'yes'),
                () => client.createCAdESFromBase64(FILE, [base64(TEXT)]),
                () => client.createCAdESFromBase64Hash(FILE, base64('short')),
                () => client.signXml(FILE, XML, 'SIGNATURE', '//*', ''),
                () => client.signXml(FILE, XML, 'SIGNATURE', "document('/etc/passwd')", ''),
                () => client.signXmls(FILE, []),
                () => client.signXmls(FILE, XML),
                () => client.changeLocale(7),
                () => client.basicsSign(STORE, 'pdf', base64(TEXT), {}, ANY, 'ru'),
                () => client.basicsSign(STORE, 'cms', 7, {}, ANY, 'ru'),
                () => client.basicsSign(STORE, 'cms', [], {}, ANY, 'ru'),
                () => client.basicsSign(STORE, 'cms', base64(TEXT), {}, null, 'ru'),
                () => client.basicsSign(STORE, 'cms', base64(TEXT), { decode: 'yes' }, ANY, 'ru'),
                () => client.basicsSign(STORE, 'cms', '***', { decode: true }, ANY, 'ru'),
            ];
            for (const call of wrong) {
                const error = await refused(call());
                expect(error.name === 'NCALayerError', `${call}: ${error.stack}`);
            }
            equal(asked('consent'), [], 'consents');
            equal(await client.getActiveTokens(), [], 'afterwards');
        });
    });

    await check('hostile XML is refused', async () => {
        const dtd = '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><a>&e;</a>';
        await withClient(async (client) => {
            for (const xml of [dtd, '<a>', '', 'text', '<a><b></a></b>']) {
                person();
                await refused(client.signXml(FILE, xml));
                await refused(client.basicsSignXML(STORE, xml, {}, ANY));
            }
        });
    });

    await check('two sockets in parallel: both are served, one dialog at a time', async () => {
        person({ consent: { answer: 'sign', delay: 0.5 } });
        const clients = [await connected(), await connected()];
        const made = await Promise.all(clients.map((client, i) =>
            client.createCAdESFromBase64(FILE, base64([TEXT, SECOND][i]))));
        goodCms(made[0], TEXT, { level: 'B' });
        goodCms(made[1], SECOND, { level: 'B' });
        clients.forEach((client) => client.wsConnection.close());
        // every prompter has ended before the next one asks
        await until(() => log().filter((line) => line.event === 'end').length === 2, 'both ended');
        const open = new Set();
        for (const line of log()) {
            if (line.event === 'asked') open.add(line.pid);
            if (line.event === 'told' || line.event === 'end') open.delete(line.pid);
            expect(open.size < 2, 'two dialogs are open');
        }
    });

    await check('a connection that goes away closes the dialog, nothing is signed', async () => {
        person({ consent: { answer: 'sign', delay: 3 } });
        const before = journal().length;
        const client = await connected();
        const call = client.createCAdESFromBase64(FILE, base64(TEXT)).catch(() => null);
        await until(() => asked('consent').length === 1, 'consent');
        client.wsConnection.close();
        await call;
        await until(() => log().some((line) => line.event === 'end' || line.message?.tell === 'gone'),
            'the dialog closes', 2);
        await sleep(3500);
        expect(!journal().slice(before).some((entry) => entry.event === 'sign'),
            JSON.stringify(journal().slice(before)));
        person();
        await withClient(async (other) =>
            goodCms(await other.createCAdESFromBase64(FILE, base64(TEXT)), TEXT, { level: 'B' }));
    });

    await check('a program without an origin is asked about every time', async () => {
        for (let i = 0; i < 2; i += 1) {
            person({ grant: { answer: 'allow', remember: 'always' } });
            await withClient(async (client) => {
                await client.getActiveTokens();
                expectAsked('grant');
                equal(log()[0].message.who.origin, null, 'origin');
                expect(/node/.test(log()[0].message.who.program), JSON.stringify(log()[0].message));
            }, null);
        }
    });

    await check('a denial makes a pause', async () => {
        const shy = 'https://shy.example';
        person({ grant: { answer: 'deny', remember: 'once' } });
        await withClient(async (client) => {
            await refused(client.getActiveTokens());
            expectAsked('grant');
            person();
            await refused(client.getActiveTokens());
            await refused(client.createCAdESFromBase64(FILE, base64(TEXT)));
            equal(log(), [], 'asked in the pause');
        }, shy);
    });

    await check('an origin denied for the session is turned away at its next upgrade', async () => {
        const denied = 'https://denied.example';
        person({ grant: { answer: 'deny', remember: 'session' } });
        await withClient(async (client) => refused(client.getActiveTokens()), denied);
        await turnedAway(denied);
    });

    await check('what is no site is turned away', async () => {
        for (const foreign of ['null', 'http://portal.example', 'file://', 'https://portal.example/',
            'chrome-extension://ncibgoaomkmdpilpocfeponihegamlic'])
            await turnedAway(foreign);
    });

    await check('passwords and paths never reach the log of the bridge', async () => {
        const said = fs.readFileSync(`${env.W}/bridge.err`, 'utf8');
        expect(!said.includes(env.PASSWORD), 'the password is in it');
        expect(!fs.readFileSync(`${env.SCRIPT}.log`, 'utf8').includes(env.PASSWORD), 'in ours');
    });
}

// A person who thinks for a minute; the page's heartbeats go on.
async function heartbeat() {
    await check('25 heartbeats are answered during a dialog of a minute', async () => {
        person({ consent: { answer: 'sign', delay: 60 } });
        const client = await connected();
        const call = client.createCAdESFromBase64(FILE, base64(TEXT));
        await until(() => asked('consent').length === 1, 'consent');
        let sent = 0;
        for (; sent < 25; sent += 1) {
            client.wsConnection.send(HEARTBEAT);
            await until(() => client.wsConnection.heartbeats === sent + 1, `heartbeat ${sent}`, 6);
            await sleep(sent < 24 ? 2400 : 0);
        }
        goodCms(await call, TEXT, { level: 'B' });
        equal(client.wsConnection.heartbeats, 25, 'heartbeats');
        client.wsConnection.close();
    });
}

await { methods, heartbeat }[process.argv[2]]();
finish();
