// SPDX-License-Identifier: GPL-3.0-or-later
// What the clients share: named checks, the scripted person, and the judges of signatures.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export const env = process.env;
export const gost = env.TAMGA_KEY_KIND === 'gost';
const ALGORITHM = gost ? 'GOST-34.10-2015-512' : 'RSA-PKCS1-SHA-256';

let failures = 0;
let checks = 0;

export function expect(condition, text) {
    if (!condition) throw new Error(text);
}

export function equal(got, wanted, what) {
    const [a, b] = [JSON.stringify(got), JSON.stringify(wanted)];
    expect(a === b, `${what}: ${a}, not ${b}`);
}

// One check; what it throws fails it, and not those after it. TAMGA_CLIENT_CHECK='words' runs only
// the checks whose names have them (for work on one).
export async function check(name, run) {
    if (!name.includes(env.TAMGA_CLIENT_CHECK ?? '')) return;
    const start = Date.now();
    checks += 1;
    try {
        await run();
        console.log(`ok: ${name} (${Date.now() - start} ms)`);
    } catch (error) {
        failures += 1;
        console.log(`FAILED: ${name}: ${error.stack || error}`);
        console.log(`    asked: ${asked().map((a) => a.ask).join(' ')}`);
    }
}

export function finish() {
    console.log(`${checks} checks of the client, ${failures} failed`);
    process.exit(checks > 0 && failures === 0 ? 0 : 1);
}

// The error of a promise that must not succeed.
export async function refused(promise) {
    let got;
    try {
        got = await promise;
    } catch (error) {
        return error;
    }
    throw new Error(`it was not refused, but: ${JSON.stringify(got)}`);
}

//--- the person ----------------------------------------------------------------------------------

const WILLING = {
    grant: { answer: 'allow', remember: 'session' },
    file: { keystore: env.KEY_FILE },
    key: {},
    consent: { answer: 'sign' },
    pin: { pin: env.PASSWORD },
};

// From here on the person answers so; the log begins anew.
export function person(answers = {}) {
    fs.writeFileSync(`${env.SCRIPT}.new`, JSON.stringify({ ...WILLING, ...answers }));
    fs.renameSync(`${env.SCRIPT}.new`, env.SCRIPT);
    fs.writeFileSync(`${env.SCRIPT}.log`, '');
}

// [{pid, at, event, message}]
export function log() {
    return fs.readFileSync(`${env.SCRIPT}.log`, 'utf8').trim().split('\n').filter(Boolean)
        .map((line) => JSON.parse(line));
}

export function asked(question) {
    return log().filter((line) => line.event === 'asked').map((line) => line.message)
        .filter((message) => !question || message.ask === question);
}

export async function until(condition, what, seconds = 20) {
    for (const end = Date.now() + seconds * 1000; Date.now() < end;) {
        const got = condition();
        if (got) return got;
        await sleep(20);
    }
    throw new Error(`${what}: not within ${seconds} s`);
}

export function journal() {
    if (!fs.existsSync(env.JOURNAL)) return [];
    return fs.readFileSync(env.JOURNAL, 'utf8').trim().split('\n').map((line) => JSON.parse(line));
}

//--- judges --------------------------------------------------------------------------------------

let written = 0;

function file(content, suffix) {
    written += 1;
    const name = path.join(env.W, `made-${written}${suffix}`);
    fs.writeFileSync(name, content);
    return name;
}

function run(command, ...args) {
    const result = spawnSync(command, args, { encoding: 'utf8', timeout: 60000 });
    return { ...result, said: `${command} ${args.join(' ')}: ${result.status}: ` +
        `${result.stdout}${result.stderr}`.slice(0, 1500) };
}

// `tamga verify --json` on one file, with more arguments: its first signature must be good.
export function tamga(name, level, ...more) {
    const result = run(env.TAMGA, 'verify', '--json', ...more, name);
    const report = JSON.parse(result.stdout);
    const signature = report.signatures[0];
    expect(signature.indication === 'TOTAL-PASSED' && result.status === 0, result.said +
        JSON.stringify(signature.checks));
    equal(signature.algorithm, ALGORITHM, 'algorithm');
    if (level) equal(signature.level, level, 'level');
    return report;
}

// base64 without or with armour → a file in DER
export function cmsFile(text) {
    expect(typeof text === 'string', `not text: ${JSON.stringify(text)}`);
    const base64 = text.replace(/-----(BEGIN|END) CMS-----/g, '').replace(/\s/g, '');
    expect(/^[A-Za-z0-9+/]+=*$/.test(base64), `not base64: ${text.slice(0, 80)}`);
    return file(Buffer.from(base64, 'base64'), '.p7s');
}

// `content`: what is signed; `attached`: it must be inside
export function goodCms(text, content, { attached, level }) {
    const name = cmsFile(text);
    const document = file(content, '.bin');
    tamga(name, level, ...(attached ? [] : ['--document', document]));
    if (gost) return;
    const out = `${name}.out`;
    const result = run('openssl', 'cms', '-verify', '-inform', 'DER', '-in', name, '-binary',
        ...(attached ? [] : ['-content', document]), '-CAfile', env.PROVIDER_ROOT, '-certfile',
        env.CHAIN, '-purpose', 'any', '-out', out);
    expect(result.status === 0, result.said);
    expect(fs.readFileSync(out).equals(content), 'openssl finds other content');
}

// A bare XML signature carries one certificate: the recipient has to know its issuer.
export function goodXml(text) {
    const name = file(text, '.xml');
    const report = tamga(name, null, '--anchor', env.PROVIDER);
    if (gost) return report;
    const result = run('xmlsec1', '--verify', '--enabled-key-data', 'x509', '--trusted-pem',
        env.PROVIDER_ROOT, '--untrusted-pem', env.CHAIN, name);
    expect(result.status === 0, result.said);
    return report;
}

// The digest that goes with the kind of key.
export function digest(content) {
    if (!gost) return createHash('sha256').update(content).digest();
    const result = spawnSync('openssl', ['dgst', '-engine', 'gost', '-md_gost12_512', '-binary'],
        { input: content });
    expect(result.stdout.length === 64, `openssl has no Streebog: ${result.stderr}`);
    return result.stdout;
}
