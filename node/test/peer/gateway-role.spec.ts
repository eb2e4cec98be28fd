import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { expect } from 'chai'
import { loadConfig } from '../../src/config/index.ts'
import { GatewayRole } from '../../src/peer/gateway-role.ts'
import type { GatewayRoleComponents } from '../../src/peer/gateway-role.ts'
import { ManualClock } from '../manual-clock.ts'
import { NotedLogs } from '../noted-logs.ts'
import { rejection } from '../reject.ts'
import { hexOfDigit } from '../storage/rows.ts'
import { withTempDir } from '../temp-dir.ts'

const address = hexOfDigit('a', 20)

async function roleOf(
  dataDir: string,
  flags: Record<string, string> = {},
  over: Partial<GatewayRoleComponents> = {},
): Promise<GatewayRole> {
  const config = await loadConfig({
    flags: {
      'network.chainId': '31337',
      // Nobody is there: a client that is opened says so.
      'network.rpc': 'http://127.0.0.1:1',
      'network.registry': address,
      'network.market': address,
      'network.token': address,
      'network.local': 'true',
      'gateway.port': '0',
      dataDir,
      ...flags,
    },
  })
  const components: GatewayRoleComponents = {
    clock: new ManualClock(),
    logger: new NotedLogs(),
    addresses: () => [],
    records: { get: () => Promise.resolve(undefined), put: () => Promise.resolve() },
    ready: () => Promise.resolve([{ name: 'chain', ok: true, detail: 'FRESH' }]),
    stats: () => Promise.resolve('{"won":7}'),
    ...over,
  }
  return new GatewayRole(components, config)
}

/** Runs a started gateway and stops it. */
async function withGateway(
  flags: Record<string, string>,
  use: (role: GatewayRole) => Promise<void>,
): Promise<void> {
  await withTempDir(async (dataDir) => {
    const role = await roleOf(dataDir, flags)
    await role.start()
    try {
      await use(role)
    } finally {
      await role.stop()
    }
  })
}

function chat(url: string): Promise<Response> {
  return fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'duckling', messages: [{ role: 'user', content: 'Hi' }] }),
  })
}

async function codeOf(response: Response): Promise<string> {
  const { error } = (await response.json()) as { error: { code: string } }
  return error.code.toUpperCase()
}

describe('GatewayRole', () => {
  it('listens on loopback, answers for the node, and is gone after its stop', async () => {
    let url = ''
    await withGateway({}, async (role) => {
      ;({ url } = role)
      expect(url).to.match(/^http:\/\/127\.0\.0\.1:[0-9]+$/)
      expect((await fetch(`${url}/readyz`)).status).to.equal(200)
      expect(await (await fetch(`${url}/stats`)).json()).to.deep.equal({ won: 7 })
    })
    const failed = await fetch(`${url}/livez`).then(
      () => false,
      () => true,
    )
    expect(failed).to.equal(true)
  })

  it('refuses chats without an account, and does not connect for them', async () => {
    await withGateway({}, async ({ url }) => {
      const response = await chat(url)
      expect(await codeOf(response)).to.equal('BALANCE_INSUFFICIENT')
    })
  })

  it('opens the client of its account at the first chat, and tries again after a failure', async () => {
    await withGateway({ 'gateway.privateKey': hexOfDigit('1', 32) }, async ({ url }) => {
      for (let n = 0; n < 2; n += 1) {
        expect(await codeOf(await chat(url))).to.equal('CHAIN_UNREACHABLE')
      }
    })
  })

  it('tells why a key cannot be used, without repeating it', async () => {
    await withGateway({ 'gateway.privateKey': '0x5ec7e7' }, async ({ url }) => {
      const response = await chat(url)
      const text = await response.text()
      expect(response.status).to.be.at.least(400)
      expect(text).to.not.contain('5ec7e7')
    })
  })

  it('rejects a port that is taken and one that the whole world could reach', async () => {
    const taken = createServer()
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
    const { port } = taken.address() as AddressInfo
    await withTempDir(async (dataDir) => {
      const role = await roleOf(dataDir, { 'gateway.port': `${port}` })
      expect((await rejection(role.start())).code).to.equal('PORT_IN_USE')
      expect(role.url).to.equal('')
      await role.stop()
      const open = await roleOf(dataDir, { 'gateway.host': '0.0.0.0' })
      expect((await rejection(open.start())).code).to.equal('CONFIG_INVALID')
      await open.stop()
    })
    taken.close()
  })
})
