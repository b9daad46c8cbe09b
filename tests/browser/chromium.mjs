// SPDX-License-Identifier: GPL-3.0-or-later
// The sample portal in Chromium, as a person sees it. No certificate error is ignored: the browser
// trusts what `tamga-bridge install-trust` put into its store. Screenshots stay in SCREENSHOTS.
import { createRequire } from 'node:module';
import fs from 'node:fs';
import path from 'node:path';
import { asked, check, env, equal, expect, finish, journal, person, refused } from './common.mjs';

const require = createRequire(import.meta.url);
const { chromium } = require('playwright-core');
const PORTAL = env.PORTAL;
const AGENT = 'https://127.0.0.1:13579/';
const LOCAL_NETWORK = [
    '--enable-features=LocalNetworkAccessChecks:LocalNetworkAccessChecksWarn/false,' +
    'LocalNetworkAccessChecksWebSockets',
    `--ip-address-space-overrides=127.0.0.1:${new URL(PORTAL).port}=public`,
];
const WAIT = { timeout: 60000 };
let shots = 0;

async function browser(name, args = []) {
    return chromium.launchPersistentContext(path.join(env.W, `chromium-${name}`), {
        executablePath: '/usr/bin/chromium',
        headless: true,
        env: { ...env, HOME: env.HOME },
        args: ['--disable-gpu', '--disable-quic', '--no-first-run',
            '--disable-background-networking', '--disable-component-update', '--disable-sync',
            '--host-resolver-rules=MAP portal.example 127.0.0.1', ...args],
    });
}

async function withPage(name, args, run) {
    const context = await browser(name, args);
    try {
        const page = context.pages()[0] ?? await context.newPage();
        page.on('console', (message) => console.log(`    page: ${message.text().slice(0, 300)}`));
        await run(page, context);
    } finally {
        await context.close();
    }
}

async function screenshot(page, name) {
    shots += 1;
    const file = path.join(env.SCREENSHOTS, `${String(shots).padStart(2, '0')}-${name}.png`);
    await page.screenshot({ path: file, fullPage: true });
    expect(fs.statSync(file).size > 1000, `${file} is empty`);
}

// Clicks, waits for the end, and gives the class and the text of what the page shows.
async function press(page, section) {
    await page.click(`#${section} button`);
    await page.waitForSelector(`#${section} button:enabled`, WAIT);
    const output = page.locator(`#${section} output`);
    return [await output.getAttribute('class'), await output.textContent()];
}

async function expectGood(page, section) {
    const [kind, text] = await press(page, section);
    expect(kind === 'good', `${kind}: ${text}`);
    expect(text.includes('The signature is valid.') && text.includes('IIN123456789011'), text);
    await screenshot(page, section);
}

await check('the portal works in Chromium with the trust that install-trust made', async () => {
    await withPage('portal', [], async (page) => {
        person();
        await page.goto(`${PORTAL}/`);
        await screenshot(page, 'portal');
        equal(asked(), [], 'asked by visiting');
        await expectGood(page, 'login');
        equal(asked('grant').length, 1, 'grants');
        await expectGood(page, 'text');
        equal(asked('consent').at(-1).documents[0].text, await page.inputValue('#text textarea'),
            'what the person saw');
        await page.check('#text input');
        await expectGood(page, 'text');
        equal(asked('consent').at(-1).timestamp, true, 'timestamp');
        await expectGood(page, 'xml');
        await page.setInputFiles('#pdf input', env.SAMPLE);
        await expectGood(page, 'pdf');
        equal(asked('consent').at(-1).documents[0].type, 'application/pdf', 'type');
        equal(asked('grant').length, 1, 'grants at the end');
        expect(JSON.stringify(journal().at(-1)).includes(PORTAL), JSON.stringify(journal().at(-1)));
    });
});

await check('cancelling is shown as such', async () => {
    await withPage('cancel', [], async (page) => {
        person({ consent: { answer: 'cancel' } });
        await page.goto(`${PORTAL}/`);
        const [kind, text] = await press(page, 'text');
        equal([kind, text], ['cancelled', 'You cancelled it.'], 'shown');
        await screenshot(page, 'cancelled');
    });
});

await check('the status page opens and says that this browser trusts the agent', async () => {
    await withPage('status', [], async (page) => {
        const response = await page.goto(AGENT);
        equal(response.status(), 200, 'status');
        expect((await page.textContent('body')).includes('Tamga'), 'what page is this?');
        await screenshot(page, 'status');
    });
});

await check('a browser without this trust does not talk to the agent', async () => {
    const home = path.join(env.W, 'home-untrusting');
    fs.mkdirSync(home);
    const context = await chromium.launchPersistentContext(path.join(env.W, 'chromium-untrusting'), {
        executablePath: '/usr/bin/chromium',
        headless: true,
        env: { ...env, HOME: home, XDG_DATA_HOME: path.join(home, 'data') },
        args: ['--disable-gpu', '--disable-background-networking', '--disable-component-update'],
    });
    try {
        const error = await refused((await context.newPage()).goto(AGENT));
        expect(/ERR_CERT_AUTHORITY_INVALID/.test(error.message), error.message);
    } finally {
        await context.close();
    }
});

await check('local network access denied: the page says what to do, and nobody is asked', async () => {
    await withPage('denied', LOCAL_NETWORK, async (page) => {
        person();
        await page.goto(`${PORTAL}/`);
        const [kind] = await press(page, 'login');
        equal(kind, 'bad', 'shown');
        expect((await page.textContent('#agent')).includes('local network'), 'no advice');
        equal(asked(), [], 'asked');
        await screenshot(page, 'local-network-denied');
    });
});

await check('local network access granted: the portal works', async () => {
    await withPage('granted', LOCAL_NETWORK, async (page, context) => {
        person();
        const session = await context.newCDPSession(page);
        await session.send('Browser.grantPermissions', { origin: PORTAL,
            permissions: ['localNetworkAccess', 'loopbackNetwork'] }).catch(() =>
            session.send('Browser.grantPermissions', { origin: PORTAL,
                permissions: ['localNetworkAccess'] }));
        await page.goto(`${PORTAL}/`);
        await expectGood(page, 'login');
    });
});

finish();
