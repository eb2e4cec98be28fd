import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import type { JobReport } from '../src/index.ts'
import { TestNet, stopNets } from './support/devnets.ts'
import { RecordingProxy, stopProxies } from './support/recording-proxy.ts'
import { testFolder } from './support/test-root.ts'
import { until } from './support/until.ts'

/** Stands in no other text. */
const MARKER = 'xq7Marker9zv'
const STORY = 'Tell me a story about a brave duck.'
const PROMPT = `${STORY} ${MARKER}`

/** Everything that one process received, or kept. */
interface Heard {
  who: string
  bytes: Buffer
}

describe('the prompt', function () {
  this.timeout(120_000)
  let world: TestNet
  let proxy: RecordingProxy
  let recordings: string
  let job: JobReport
  /** Words of an answer that stand in no other text. */
  let words: string[]
  /** By process id. */
  let heard: Map<number, Buffer>
  let files: Heard[]

  before(async () => {
    recordings = await testFolder('recordings')
    const { NODE_OPTIONS: before } = process.env
    process.env['NODE_OPTIONS'] =
      `--import=${new URL('./support/record-received.ts', import.meta.url).href}`
    process.env['RECORD_TO'] = recordings
    process.env['DUCKMESH_LOG_LEVEL'] = 'debug'
    try {
      world = await TestNet.start({
        providers: 2,
        wrapRpc: async (rpcUrl) => {
          const recording = await RecordingProxy.before(rpcUrl)
          proxy = recording.proxy
          return recording.url
        },
      })
      await knowsBothOffers(world)
      job = await world.job({ prompt: PROMPT })
      words = rareWords((await world.job({ prompt: STORY })).text)
      await world.settle()
    } finally {
      delete process.env['RECORD_TO']
      delete process.env['DUCKMESH_LOG_LEVEL']
      if (before === undefined) delete process.env['NODE_OPTIONS']
      else process.env['NODE_OPTIONS'] = before
    }
    heard = new Map()
    for (const name of await readdir(recordings)) {
      heard.set(Number(name.split('.').at(-1)), await readFile(join(recordings, name)))
    }
    files = await filesBelow(world.net.folder)
  })
  after(async () => {
    await stopNets()
    stopProxies()
  })

  /** On a busy machine the cheaper provider may answer after the first choice; then the dearer one would serve. */
  async function knowsBothOffers({ net }: TestNet): Promise<void> {
    await until('both offers at the client', async () => {
      const offers = await net.client.ask<unknown[]>('offers', {}, 30_000)
      return offers.length === 2
    })
  }

  function heardBy(pid: number | undefined): Buffer {
    const bytes = heard.get(pid ?? 0)
    if (bytes === undefined) throw new TypeError(`Nothing was recorded of process ${pid}.`)
    return bytes
  }

  it('reaches the engine of the provider that serves it, so that the searches below can find it', () => {
    expect(job.winners[0]?.provider).to.equal(world.net.provider.owner.address.toLowerCase())
    expect(traces(heardBy(world.net.provider.child.pid))).to.include('the prompt as text')
  })

  it('is answered to the client: the recorder finds the words of an answer there', () => {
    const received = heardBy(world.net.client.pid)
    expect(received.length).to.be.greaterThan(1_000)
    expect(words).to.not.deep.equal([])
    for (const word of words) expect(received.includes(word), word).to.equal(true)
  })

  it('is in nothing that the seed received, also after decryption', () => {
    const received = heardBy(world.net.seed.pid)
    expect(
      received.includes('/duckmesh/kad/1.0.0'),
      'the recorder sees inside of connections',
    ).to.equal(true)
    expectNothing([{ who: 'seed', bytes: received }])
  })

  it('is in nothing that the other provider received: gossip, DHT, probes, answers of the chain', () => {
    const other = world.net.providers[1]
    const received = heardBy(other?.child.pid)
    expect(received.includes('/duckmesh/'), 'the recorder sees inside of connections').to.equal(
      true,
    )
    expect(received.includes('"jsonrpc"'), 'and what the chain answered').to.equal(true)
    expectNothing([{ who: 'the other provider', bytes: received }])
  })

  it('is in nothing that the chain was sent or answered', () => {
    const sent = Buffer.concat(proxy.received)
    expect(sent.includes('eth_sendRawTransaction'), 'the redemption went this way').to.equal(true)
    expectNothing([
      { who: 'the chain', bytes: sent },
      { who: 'answers of the chain', bytes: Buffer.concat(proxy.answered) },
    ])
  })

  it('is in no line that any process logs, down to debug', () => {
    expect(world.logs.map(({ process }) => process)).to.include.members([
      'provider-0',
      'provider-1',
    ])
    expectNothing(
      world.logs.map(({ line, process }) => ({ who: process, bytes: Buffer.from(line) })),
    )
  })

  it('is in no event that providers, seed or chain tell the launcher', () => {
    const others = world.events.filter(({ process }) => process !== 'client')
    expect(others.map(({ event }) => event)).to.include.members(['ready', 'segment'])
    expectNothing(
      others.map((event) => ({ who: event.process, bytes: Buffer.from(JSON.stringify(event)) })),
    )
  })

  it('is in no file of any process', () => {
    const names = files.map(({ who }) => who)
    for (const folder of ['seed', 'provider-0', 'provider-1']) {
      expect(
        names.some((name) => name.startsWith(`${folder}/`)),
        folder,
      ).to.equal(true)
    }
    expectNothing(files.filter(({ who }) => !who.startsWith('client/')))
  })

  /** The prompt in whatever form, and the answer, are nowhere in these. */
  function expectNothing(all: readonly Heard[]): void {
    for (const { bytes, who } of all) {
      expect(traces(bytes), who).to.deep.equal([])
      for (const word of words) {
        expect(bytes.includes(word), `${who} has "${word}" of the answer`).to.equal(false)
      }
    }
  }
})

/** In which form the prompt is in there. */
function traces(bytes: Buffer): string[] {
  const marker = Buffer.from(MARKER)
  // Base64 depends on the position: the middle of each of three is the same wherever the text starts.
  const base64 = [0, 1, 2].map((skip) =>
    Buffer.from('x'.repeat(skip) + MARKER)
      .toString('base64')
      .slice(4, 14),
  )
  const forms: [string, string | Buffer][] = [
    ['the prompt as text', marker],
    ['the prompt as hex', marker.toString('hex')],
    ['the prompt as UTF-16', Buffer.from(MARKER, 'utf16le')],
    ...base64.map((text): [string, string] => ['the prompt as base64', text]),
  ]
  return [...new Set(forms.filter(([, form]) => bytes.includes(form)).map(([name]) => name))]
}

/** Longer words of an answer, without those that protocols and programs use too. */
function rareWords(text: string): string[] {
  const common = ['there', 'found', 'under', 'DuckMesh']
  return [...new Set(text.match(/[A-Za-z]{5,}/g))].filter((word) => !common.includes(word))
}

async function filesBelow(folder: string): Promise<Heard[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const paths = entries
    .filter((entry) => entry.isFile())
    .map(({ name, parentPath }) => join(parentPath, name))
  const all = paths.map(async (path) => ({
    who: path.slice(folder.length + 1),
    bytes: await readFile(path),
  }))
  return Promise.all(all)
}
