// SPDX-License-Identifier: GPL-3.0-or-later
// A small portal, to see the bridge work: it asks for signatures through the public client and
// shows what `tamga verify --json` says of them.
//
//     node server.mjs [--port 8080] [--tls-certificate FILE --tls-key FILE] [--tamga PROGRAM]
//                     [--anchor FILE]
//
// XML signatures carry the certificate of the signer only: the authority that issued it has to be
// trusted (`tamga trust add`), or given with --anchor.
// Without TLS it is http://localhost:PORT, which the bridge takes for a site like one with https.
// It prints "Listening on URL" when it is ready. It listens on the loopback only.
import { execFile } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';

const here = path.dirname(fileURLToPath(import.meta.url));
const require = createRequire(import.meta.url);
const run = promisify(execFile);
const { values: options } = parseArgs({
    options: {
        port: { type: 'string', default: '8080' },
        'tls-certificate': { type: 'string' },
        'tls-key': { type: 'string' },
        tamga: { type: 'string', default: 'tamga' },
        anchor: { type: 'string' },
    },
});

const MAX_BODY = 32 * 1024 * 1024;
const CHALLENGE_SECONDS = 300;
const MAX_CHALLENGES = 1000;
const PAGES = {
    '/': [path.join(here, 'index.html'), 'text/html; charset=utf-8'],
    '/app.js': [path.join(here, 'app.js'), 'text/javascript; charset=utf-8'],
    '/style.css': [path.join(here, 'style.css'), 'text/css; charset=utf-8'],
    '/ncalayer-client.js': [require.resolve('ncalayer-js-client'),
        'text/javascript; charset=utf-8'],
};
// Only scripts of the portal itself, and connections to it and to the agent on this computer.
const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; frame-ancestors 'none'; " +
    "connect-src 'self' wss://127.0.0.1:13579 https://127.0.0.1:24680; base-uri 'none'";

class Refusal extends Error {}

//--- judging -------------------------------------------------------------------------------------

// base64 of a CMS, without or with armour
function cmsBytes(text) {
    return Buffer.from(text.replace(/-----(BEGIN|END) CMS-----/g, ''), 'base64');
}

// What `tamga verify --json` says of a signature, in short. `document`: what a detached one signs.
async function judge({ signature, name, document }) {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'tamga-portal-'));
    try {
        const file = path.join(folder, name);
        const args = ['verify', '--json', ...(options.anchor ? ['--anchor', options.anchor] : [])];
        fs.writeFileSync(file, signature, { mode: 0o600 });
        if (document) {
            const original = path.join(folder, 'document');
            fs.writeFileSync(original, document, { mode: 0o600 });
            args.push('--document', original);
        }
        // the exit code tells of bad signatures too: what counts is the report
        const { stdout } = await run(options.tamga, [...args, file], { maxBuffer: MAX_BODY })
            .catch((error) => (error.stdout ? error : Promise.reject(error)));
        return brief(JSON.parse(stdout));
    } finally {
        fs.rmSync(folder, { recursive: true });
    }
}

function brief(report) {
    const [signature] = report.signatures ?? [];
    return {
        summary: report.summary ?? report.error?.message ?? report.error,
        good: report.signatures?.length === 1 && signature.indication === 'TOTAL-PASSED',
        indication: signature?.indication,
        algorithm: signature?.algorithm,
        level: signature?.level,
        signer: signature?.signer,
    };
}

//--- calls of the page ---------------------------------------------------------------------------

const challenges = new Map(); // id → { text, until }

function challenge() {
    for (const [id, { until }] of challenges) {
        if (until < Date.now() || challenges.size >= MAX_CHALLENGES) challenges.delete(id);
    }
    const id = randomUUID();
    const text = `Log in to the sample portal: ${randomBytes(32).toString('hex')}`;
    challenges.set(id, { text, until: Date.now() + CHALLENGE_SECONDS * 1000 });
    return { id, data: Buffer.from(text).toString('base64') };
}

async function login({ id, signature }) {
    const known = challenges.get(id);
    challenges.delete(id); // each is good for one try
    if (!known || known.until < Date.now()) throw new Refusal('The challenge is not known any more.');
    return judge({ signature: cmsBytes(signature), name: 'login.p7s', document: known.text });
}

async function verify({ kind, signature, document }) {
    if (kind === 'xml') return judge({ signature, name: 'signed.xml' });
    return judge({ signature: cmsBytes(signature), name: 'signed.p7s',
        document: document ? Buffer.from(document, 'base64') : null });
}

const CALLS = { '/api/challenge': challenge, '/api/login': login, '/api/verify': verify };

async function body(request) {
    const parts = [];
    let size = 0;
    for await (const part of request) {
        size += part.length;
        if (size > MAX_BODY) throw new Refusal('The request is too large.');
        parts.push(part);
    }
    const value = JSON.parse(Buffer.concat(parts).toString() || '{}');
    if (Object.values(value).some((member) => member !== null && typeof member !== 'string'))
        throw new Refusal('Members of a request are strings.');
    return value;
}

async function answer(request) {
    const { pathname } = new URL(request.url, 'http://localhost');
    const page = Object.hasOwn(PAGES, pathname) && PAGES[pathname];
    if (request.method === 'GET' && page)
        return { code: 200, type: page[1], text: fs.readFileSync(page[0]) };
    const call = Object.hasOwn(CALLS, pathname) && CALLS[pathname];
    const json = request.headers['content-type'] === 'application/json';
    if (request.method !== 'POST' || !call || !json)
        return { code: 404, type: 'text/plain', text: 'There is nothing here.\n' };
    return { code: 200, type: 'application/json',
        text: JSON.stringify(await call(await body(request))) };
}

async function serve(request, response) {
    const { code, type, text } = await answer(request).catch((error) => {
        const ours = error instanceof Refusal || error instanceof SyntaxError;
        if (!ours) console.error(error);
        return { code: ours ? 400 : 500, type: 'application/json', text: JSON.stringify(
            { error: ours ? error.message : 'The portal could not verify this.' }) };
    });
    response.writeHead(code, {
        'Content-Type': type,
        'Content-Security-Policy': POLICY,
        'X-Content-Type-Options': 'nosniff',
        'Referrer-Policy': 'no-referrer',
        'Cache-Control': 'no-store',
    });
    response.end(text);
}

const tls = options['tls-certificate'];
const server = tls ? https.createServer({
    cert: fs.readFileSync(tls), key: fs.readFileSync(options['tls-key']),
}, serve) : http.createServer(serve);
server.listen(Number(options.port), '127.0.0.1', () => {
    console.log(`Listening on ${tls ? 'https' : 'http'}://localhost:${server.address().port}`);
});
