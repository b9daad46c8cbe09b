// SPDX-License-Identifier: GPL-3.0-or-later
// The page of the sample portal: each button connects to the agent, asks for one signature, and
// shows what the portal's backend finds.
/* global NCALayerClient */
'use strict';

(() => {
    const agent = document.querySelector('#agent');
    const locale = document.querySelector('#locale');
    const part = (id, selector) => document.querySelector(`#${id} ${selector}`);

    async function post(path, value) {
        const response = await fetch(path, {
            method: 'POST',
            headers: { 'Content-Type': 'application/json' },
            body: JSON.stringify(value),
        });
        const result = await response.json();
        if (!response.ok) throw new Error(result.error);
        return result;
    }

    const base64 = (buffer) => NCALayerClient.arrayBufferToB64(buffer);

    // Connected for one call; one call at a time on a connection.
    async function withAgent(call) {
        const client = new NCALayerClient();
        try {
            const version = await client.connect();
            agent.textContent = `The agent is there (protocol ${version}).`;
            return await call(client);
        } catch (error) {
            if (!client.wsConnection || client.wsConnection.readyState > WebSocket.OPEN)
                agent.textContent = 'The agent cannot be reached. Does it run, does this browser ' +
                    'trust it, and may this site use the local network?';
            throw error;
        } finally {
            client.wsConnection?.close();
        }
    }

    const signCms = (data, params) => withAgent((client) => client.basicsSignCMS(
        NCALayerClient.basicsStorageAll, data, params, NCALayerClient.basicsSignerAny,
        locale.value));

    const actions = {
        async login() {
            const { id, data } = await post('/api/challenge', {});
            const signature = await signCms(data, NCALayerClient.basicsCMSParamsDetachedNoTSP);
            return post('/api/login', { id, signature });
        },
        async text() {
            const document = base64(new TextEncoder().encode(part('text', 'textarea').value));
            const signature = await signCms(document, part('text', 'input').checked
                ? NCALayerClient.basicsCMSParamsDetached
                : NCALayerClient.basicsCMSParamsDetachedNoTSP);
            return post('/api/verify', { kind: 'cms', signature, document });
        },
        async xml() {
            const [signature] = await withAgent((client) => client.basicsSignXML(
                NCALayerClient.basicsStorageAll, part('xml', 'textarea').value,
                NCALayerClient.basicsXMLParams, NCALayerClient.basicsSignerAny, locale.value));
            return post('/api/verify', { kind: 'xml', signature });
        },
        async pdf() {
            const [file] = part('pdf', 'input[type=file]').files;
            if (!file) throw new Error('Choose a file first.');
            const document = base64(await file.arrayBuffer());
            const signature = await signCms(document, NCALayerClient.basicsCMSParamsDetachedNoTSP);
            return post('/api/verify', { kind: 'cms', signature, document });
        },
    };

    function show(output, kind, text) {
        output.className = kind;
        output.textContent = text;
    }

    function found(result) {
        const { signer } = result;
        const lines = [result.good ? 'The signature is valid.' : 'The signature is not accepted.',
            result.summary, signer && `Signed by ${signer.name ?? signer.subject}`,
            signer?.serial_number, result.algorithm && `${result.algorithm}, ${result.level}`];
        return lines.filter(Boolean).join('\n');
    }

    for (const [id, action] of Object.entries(actions)) {
        const button = part(id, 'button');
        const output = part(id, 'output');
        button.addEventListener('click', async () => {
            button.disabled = true;
            show(output, '', 'Look at the window of the agent…');
            try {
                const result = await action();
                show(output, result.good ? 'good' : 'bad', found(result));
            } catch (error) {
                if (error.canceledByUser) show(output, 'cancelled', 'You cancelled it.');
                else show(output, 'bad', error.message);
            } finally {
                button.disabled = false;
            }
        });
    }
})();
