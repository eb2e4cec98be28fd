import { cp, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import type { NetworkFile } from '@duckmesh/node'
import { account, privateKeyOf } from '../src/chain/accounts.ts'
import { findAnvil } from '../src/chain/start-anvil.ts'
import { Child } from '../src/processes/child.ts'
import { nodeChild } from '../src/processes/node-child.ts'
import { modelsFolder } from '../src/network-folder.ts'
import { TestNet, stopNets } from './support/devnets.ts'
import { bootnode, duckmesh, killRunning, repositoryFile, startPeer } from './support/run.ts'
import type { Outcome } from './support/run.ts'
import { testFolder, testRoot } from './support/test-root.ts'
import { until } from './support/until.ts'

/** What a command is expected to say: code, exit code (sysexits), and a part of the message. */
interface Refusal {
  code: string
  exit: number
  says?: RegExp
}

describe('bad input to the command line', function () {
  this.timeout(120_000)
  let world: TestNet
  let folder: string
  let file: NetworkFile
  let fileCount = 0

  before(async () => {
    world = await TestNet.start()
    folder = await testFolder('cli')
    file = JSON.parse(await readFile(join(world.net.folder, 'network.json'), 'utf8')) as NetworkFile
  })
  after(async () => {
    killRunning()
    await stopNets()
  })

  async function networkFile(change: (file: NetworkFile) => object): Promise<string> {
    const path = join(folder, `network-${fileCount++}.json`)
    await writeFile(path, JSON.stringify(change(structuredClone(file))))
    return path
  }

  function expectRefusal({ code: exit, stderr, stdout }: Outcome, refusal: Refusal): void {
    const last = stderr.trimEnd().split('\n').at(-1) ?? ''
    const { error } = JSON.parse(last) as { error: { code: string; message: string } }
    expect(error.code, error.message).to.equal(refusal.code)
    expect(error.message).to.match(/[.!]$/)
    if (refusal.says !== undefined) expect(error.message).to.match(refusal.says)
    expect(exit).to.equal(refusal.exit)
    expect(stdout).to.equal('')
  }

  async function chat(
    args: readonly string[],
    change: (file: NetworkFile) => object = (same) => same,
  ): Promise<Outcome> {
    return duckmesh(['--json', 'chat', ...args, '--network', await networkFile(change)])
  }

  /** The config of the running provider with another data folder, so that only the change can be wrong. */
  async function up(
    change: (config: Config) => void,
    over: Record<string, unknown> = {},
  ): Promise<Outcome> {
    return duckmesh(['--json', 'up', '--config', await peerConfig(change, over)])
  }

  async function peerConfig(
    change: (config: Config) => void,
    over: Record<string, unknown> = {},
  ): Promise<string> {
    const path = join(folder, `peer-${fileCount++}.json`)
    const config = JSON.parse(await readFile(world.net.provider.configFile, 'utf8')) as Config
    Object.assign(config, { dataDir: await testFolder('peer'), ...over })
    change(config)
    await writeFile(path, JSON.stringify(config))
    return path
  }

  interface Config {
    network: { chainId: number; rpc: string; registry: string; local: boolean }
    listen: { tcp: number; ws: number }
    keys: { privateKey?: string }
    provider: { owner: string; modelsDir: string }
    dataDir: string
    seeds: string[]
  }

  describe('duckmesh chat', () => {
    it('names the offered models for an unknown one', async () => {
      const outcome = await chat(['Hello', '--model', 'gpt-99'])
      expectRefusal(outcome, {
        code: 'MODEL_NOT_FOUND',
        exit: 64,
        says: /"gpt-99"; offered: duckling/,
      })
    })

    it('refuses an empty prompt', async () => {
      expectRefusal(await chat(['  ']), { code: 'PROMPT_EMPTY', exit: 64 })
    })

    for (const words of [600, 15_000]) {
      it(`refuses a prompt of ${words} words before anything is paid`, async () => {
        const before = await world.balances()
        const outcome = await chat(['quack '.repeat(words), '--max-price', '100'])
        expectRefusal(outcome, { code: 'PROMPT_TOO_LONG', exit: 64 })
        expect(await world.balances()).to.deep.equal(before)
      })
    }

    it('refuses an answer longer than the context', async () => {
      expectRefusal(await chat(['Hello', '--max-tokens', '5000', '--max-price', '100']), {
        code: 'PROMPT_TOO_LONG',
        exit: 64,
      })
    })

    it('refuses when the price cap is too low, and says what it costs', async () => {
      const outcome = await chat(['Hello', '--max-price', '0.000001'])
      expectRefusal(outcome, { code: 'PRICE_ABOVE_CAP', exit: 64, says: /asks [0-9]+ wei/ })
    })

    it('refuses a price cap that no amount on the wire can hold', async () => {
      const { code, stderr } = await chat(['Hello', '--max-price', '9'.repeat(40)])
      expect(stderr).to.match(/FIELD_OUT_OF_RANGE|SPEC_INVALID|max-price/)
      expect(code).to.equal(64)
    })

    it('refuses an account that has nothing allotted, and says how much is needed', async () => {
      const poor = { privateKey: privateKeyOf(account(40)), dataDir: await testFolder('poor') }
      const outcome = await chat(['Hello'], (same) => ({ ...same, account: poor }))
      expectRefusal(outcome, { code: 'BALANCE_INSUFFICIENT', exit: 64, says: /Deposit and allot/ })
    })

    it('says where to look when no network runs here', async () => {
      // Outside of the test's root, which has a network.
      const cwd = await mkdtemp(join(tmpdir(), 'duckmesh-nowhere-'))
      const outcome = await duckmesh(['--json', 'chat', 'Hello'], { cwd })
      await rm(cwd, { recursive: true })
      expectRefusal(outcome, { code: 'NO_PEERS', exit: 69, says: /npm start/ })
    })

    it('says which seed did not answer', async () => {
      const [seed = ''] = file.network.seeds
      const dead = seed.replace(/\/tcp\/[0-9]+/, '/tcp/1')
      const outcome = await chat(['Hello'], (same) => ({
        ...same,
        network: { ...same.network, seeds: [dead] },
      }))
      expectRefusal(outcome, { code: 'NO_PEERS', exit: 69 })
      expect(outcome.stderr).to.contain('/tcp/1')
    })

    it('refuses a file with the wrong chain id or without our contracts', async () => {
      const other = await chat(['Hello'], ({ network, ...rest }) => ({
        ...rest,
        network: { ...network, chainId: 1 },
      }))
      expectRefusal(other, {
        code: 'WRONG_CHAIN',
        exit: 78,
        says: new RegExp(`${file.network.chainId}.* 1[^0-9]`),
      })
      const registry = '0x00000000000000000000000000000000000000aa'
      const none = await chat(['Hello'], ({ network, ...rest }) => ({
        ...rest,
        network: { ...network, registry },
      }))
      expectRefusal(none, { code: 'WRONG_CHAIN', exit: 78, says: /0x0+aa/ })
    })

    it('refuses a raw key on a network that is not local, and never prints it', async () => {
      const outcome = await chat(['Hello'], ({ network, ...rest }) => ({
        ...rest,
        network: { ...network, local: false },
      }))
      expectRefusal(outcome, { code: 'KEY_REFUSED', exit: 77, says: /keystore/ })
      expect(outcome.stderr).to.not.contain(file.account.privateKey.slice(2))
    })

    it('refuses an account that another process uses', async () => {
      const dataDir = world.net.clientData
      const privateKey = privateKeyOf(account(1))
      const outcome = await chat(['Hello'], (same) => ({
        ...same,
        account: { privateKey, dataDir },
      }))
      expectRefusal(outcome, { code: 'STORE_LOCKED', exit: 77 })
    })

    it('refuses a file that is no network file, and options that are none', async () => {
      expectRefusal(await chat(['Hello'], () => ({ hello: 1 })), {
        code: 'CONFIG_INVALID',
        exit: 78,
        says: /network-/,
      })
      const { code, stderr } = await chat(['Hello', '--max-tokens', 'many'])
      expect(stderr).to.contain('whole number')
      expect(code).to.equal(64)
    })
  })

  describe('duckmesh up', () => {
    it('names the port that is in use', async () => {
      const tcp = Number(/\/tcp\/([0-9]+)/.exec(file.network.seeds[0] ?? '')?.[1])
      const outcome = await up((config) => {
        config.listen.tcp = tcp
      })
      expectRefusal(outcome, { code: 'PORT_IN_USE', exit: 78, says: new RegExp(`${tcp}`) })
    })

    it('refuses the wrong chain, an owner that did not register, and a raw key off the local network', async () => {
      const wrong = await up((config) => {
        config.network.chainId = 1
      })
      expectRefusal(wrong, { code: 'WRONG_CHAIN', exit: 78 })
      const stranger = await up((config) => {
        config.provider.owner = account(41).address
        config.keys.privateKey = privateKeyOf(account(42))
      })
      expectRefusal(stranger, { code: 'INVALID_PROVIDER', exit: 1 })
      const raw = await up((config) => {
        config.network.local = false
      })
      expectRefusal(raw, { code: 'KEY_REFUSED', exit: 77 })
    })

    it('refuses a second process for the same data', async () => {
      const outcome = await up((config) => {
        config.dataDir = join(world.net.folder, 'provider-0')
      })
      expectRefusal(outcome, { code: 'STORE_LOCKED', exit: 77 })
    })

    it('names the wrong option of its configuration, and the file that is not there', async () => {
      const typo = await up(() => undefined, { listne: {} })
      expectRefusal(typo, { code: 'CONFIG_INVALID', exit: 78, says: /listne/ })
      const none = await duckmesh(['--json', 'up', '--config', join(folder, 'nothing.json')])
      expectRefusal(none, { code: 'CONFIG_INVALID', exit: 78, says: /nothing\.json/ })
    })

    it('builds a packed model again when a byte of it changed, and leaves a strange folder out', async () => {
      const modelsDir = join(folder, 'models')
      await cp(modelsFolder(testRoot()), modelsDir, { recursive: true })
      const [cid = ''] = await readdir(modelsDir)
      const graph = join(modelsDir, cid, 'model.onnx')
      const good = await readFile(graph)
      const bad = Buffer.from(good)
      bad.writeUInt8(bad.readUInt8(bad.length >> 1) ^ 1, bad.length >> 1)
      await writeFile(graph, bad)
      const strange = join(modelsDir, `b${'a'.repeat(58)}`)
      await mkdir(strange)
      await writeFile(join(strange, 'duckmesh.model.json'), '{}')
      const config = await peerConfig((tree) => {
        tree.provider.modelsDir = modelsDir
      })
      const peer = startPeer(config)
      await until('it serves', () => peer.stdout.includes('"event":"ready"'), 60_000)
      expect(peer.stdout).to.match(/"name":"duckling"/)
      expect(good.equals(await readFile(graph)), 'the graph is as before').to.equal(true)
      expect(peer.stderr).to.match(/model\.not_offered/)
      peer.process.kill('SIGTERM')
      expect((await peer.done).code).to.equal(0)
    })
  })

  describe('duckmesh-bootnode', () => {
    it('names the port that is in use', async () => {
      const [, port = ''] = /\/tcp\/([0-9]+)/.exec(file.network.seeds[0] ?? '') ?? []
      const args = ['--local', '--port', port, '--ws-port', '0', '--data-dir', join(folder, 'seed')]
      const { code, stderr } = await bootnode(args)
      expect(stderr).to.match(new RegExp(`^PORT_IN_USE: .*${port}`))
      expect(code).to.equal(78)
    })

    it('refuses an option that is none', async () => {
      const { code, stderr } = await bootnode(['--port', '70000'])
      expect(stderr).to.match(/^CONFIG_INVALID: .*--port.*70000/)
      expect(code).to.equal(78)
    })
  })

  describe('processes whose launcher dies before they are ready', () => {
    /** Starts it with a channel to a launcher and closes that at once. */
    async function endsAlone(program: string, ...args: string[]): Promise<void> {
      const command = nodeChild(testRoot(), [repositoryFile(program), ...args])
      const child = new Child({ ...command, name: program })
      child.process.disconnect()
      const gone = until(`${program} ended`, () => child.gone, 60_000)
      await gone.finally(() => child.process.kill('SIGKILL'))
      expect((await child.exited).signal, 'it ended by itself').to.equal(null)
    }

    it('end: the provider', async () => {
      await endsAlone(
        'node/bin/duckmesh.js',
        '--json',
        'up',
        '--config',
        await peerConfig(() => undefined),
      )
    })

    it('end: the seed', async () => {
      const folders = ['--data-dir', join(folder, 'orphan-seed')]
      await endsAlone(
        'bootstrap/bin/bootnode.js',
        '--local',
        '--port',
        '0',
        '--ws-port',
        '0',
        ...folders,
      )
    })

    it('end: the client', async () => {
      const { account: keys, network } = file
      const path = join(folder, 'orphan-client.json')
      const dataDir = await testFolder('orphan-client')
      await writeFile(path, JSON.stringify({ network, privateKey: keys.privateKey, dataDir }))
      await endsAlone('test-net/src/processes/client-process.ts', path)
    })

    it('end: anvil', async () => {
      await endsAlone('test-net/src/processes/keeper.ts', findAnvil(), '--port', '0')
    })
  })

  it('leaves the network as it was: the next job runs', async () => {
    expect((await world.job()).states.at(-1)?.state).to.equal('finalized')
  })
})
