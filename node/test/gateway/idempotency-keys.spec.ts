import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DuckMeshError } from '@duckmesh/protocols'
import { expect } from 'chai'
import { IDEMPOTENCY_MS } from '../../src/gateway/constants.ts'
import { IdempotencyKeys } from '../../src/gateway/idempotency-keys.ts'
import { JobDesk } from '../../src/gateway/job-desk.ts'
import type { Caller } from '../../src/gateway/job-desk.ts'
import { openNodeStore } from '../../src/storage/index.ts'
import type { NodeStore, StoredRecord } from '../../src/storage/interface.ts'
import { ManualClock } from '../manual-clock.ts'
import { NotedLogs } from '../noted-logs.ts'
import { rejection } from '../reject.ts'
import { withTempDir } from '../temp-dir.ts'
import { createServer } from '../../src/gateway/create-gateway.ts'
import { CHAT, FakeGateway } from './fake-gateway.ts'
import { JOB, ScriptedClient, ScriptedJob } from './scripted-job.ts'

const KEY = 'k-3f6c5a11'
const PROMPT = 'What is under the bed?'
const REQUEST = { model: 'duckling', messages: [{ role: 'user', content: PROMPT }] }

function caller(body: string = PROMPT, key: string = KEY): Caller {
  return { signal: new AbortController().signal, once: { key, body } }
}

/** A gateway's desk over a store on disk; `restart` closes the file and opens it again. */
class Node {
  readonly clock = new ManualClock(1_700_000_000_000)
  readonly client = new ScriptedClient()
  readonly logger = new NotedLogs()
  readonly path: string
  desk!: JobDesk
  keys!: IdempotencyKeys
  store!: NodeStore

  constructor(folder: string) {
    this.path = join(folder, 'provider.sqlite')
  }

  async start(): Promise<this> {
    const { client, clock, logger } = this
    this.store = await openNodeStore(this.path)
    this.keys = new IdempotencyKeys({ clock, logger, records: this.store.records })
    this.desk = new JobDesk({ client, clock, keys: this.keys })
    return this
  }

  async restart(): Promise<void> {
    await this.store.close()
    await this.start()
  }
}

async function withNode(use: (node: Node) => Promise<void>): Promise<void> {
  await withTempDir(async (folder) => {
    const node = await new Node(folder).start()
    try {
      await use(node)
    } finally {
      await node.store.close()
    }
  })
}

describe('idempotency keys on disk', () => {
  it('order nothing twice, also after a restart; the caller learns which job it was', async () => {
    await withNode(async (node) => {
      node.client.give(new ScriptedJob().finish())
      await node.desk.submit(REQUEST, caller())
      await node.restart()
      const error = await rejection(node.desk.submit(REQUEST, caller()))
      expect(error).to.include({ code: 'ANSWER_LOST', jobId: JOB })
      expect(node.client.asked).to.have.length(1)
      // Another key is another job, and the refusal did not free the first one.
      await node.desk.submit(REQUEST, caller(PROMPT, 'another'))
      expect((await rejection(node.desk.submit(REQUEST, caller()))).code).to.equal('ANSWER_LOST')
    })
  })

  it('stand for one body over a restart', async () => {
    await withNode(async (node) => {
      node.client.give(new ScriptedJob().finish())
      await node.desk.submit(REQUEST, caller())
      await node.restart()
      const error = await rejection(node.desk.submit(REQUEST, caller('another body')))
      expect(error.code).to.equal('SPEC_INVALID')
      expect(error.details['field']).to.equal('Idempotency-Key')
    })
  })

  it('are taken before the job is ordered: a crash on the way pays nothing twice', async () => {
    await withNode(async (node) => {
      const { records } = node.store
      let stored: StoredRecord[] = []
      node.client.answers = [
        async () => {
          stored = await records.list('idempotency', 9)
          return new ScriptedJob()
        },
      ]
      await node.desk.submit(REQUEST, caller())
      expect(stored).to.have.length(1)
      // As if the process had died there.
      const [record] = stored
      if (record === undefined) expect.fail()
      await records.put(record, 'durable')
      await node.restart()
      const error = await rejection(node.desk.submit(REQUEST, caller()))
      expect(error).to.include({ code: 'ANSWER_LOST', jobId: undefined })
    })
  })

  it('are free again, on disk too, when nothing was paid', async () => {
    await withNode(async (node) => {
      node.client.refuse('NO_BIDS')
      expect((await rejection(node.desk.submit(REQUEST, caller()))).code).to.equal('NO_BIDS')
      await node.restart()
      node.client.give(new ScriptedJob())
      await node.desk.submit(REQUEST, caller('another body'))
      expect(node.client.asked).to.have.length(2)
    })
  })

  it('are forgotten after a day, and dropped by the tidying', async () => {
    await withNode(async (node) => {
      const { clock, store } = node
      node.client.give(new ScriptedJob())
      await node.desk.submit(REQUEST, caller())
      await node.restart()
      clock.advance(IDEMPOTENCY_MS - 1)
      expect((await rejection(node.desk.submit(REQUEST, caller()))).code).to.equal('ANSWER_LOST')
      clock.advance(1)
      await node.desk.submit(REQUEST, caller())
      expect(node.client.asked).to.have.length(2)
      expect(store).to.not.equal(node.store)
      expect(await node.store.records.forget('idempotency', clock.now() + 1)).to.equal(1)
    })
  })

  it('keep neither the key nor the prompt, and equal requests look unlike under other keys', async () => {
    await withNode(async (node) => {
      node.client.give(new ScriptedJob())
      for (const key of [KEY, 'another']) await node.desk.submit(REQUEST, caller(PROMPT, key))
      const records = await node.store.records.list('idempotency', 9)
      const bodies = records.map(({ body }) => new TextDecoder().decode(body))
      const digests = bodies.map((text) => (JSON.parse(text) as { body: string }).body)
      expect(new Set(digests).size).to.equal(2)
      await node.store.close()
      const file = await readFile(node.path)
      for (const secret of [KEY, PROMPT, 'bed']) expect(file.includes(secret)).to.equal(false)
      await node.start()
    })
  })

  it('cost a request its place when they cannot be stored, and no money', async () => {
    await withNode(async (node) => {
      const { client, clock, logger } = node
      const full = new DuckMeshError('STORE_CORRUPT', 'The disk is full.')
      const put = (): Promise<void> => Promise.reject(full)
      const records = { get: () => Promise.resolve(undefined), put }
      const keys = new IdempotencyKeys({ clock, logger, records })
      const desk = new JobDesk({ client, clock, keys })
      client.give(new ScriptedJob())
      expect(await rejection(desk.submit(REQUEST, caller()))).to.equal(full)
      expect(client.asked).to.deep.equal([])
    })
  })

  it('stay taken when the job is ordered and only its name cannot be stored', async () => {
    await withNode(async (node) => {
      const { clock, logger, store } = node
      let isBroken = false
      const put: typeof store.records.put = (record, level) =>
        isBroken ? Promise.reject(new Error('disk full')) : store.records.put(record, level)
      const records = { get: store.records.get.bind(store.records), put }
      const keys = new IdempotencyKeys({ clock, logger, records })
      const claimed = await keys.claim(KEY, PROMPT)
      isBroken = true
      await claimed.ordered(JOB)
      isBroken = false
      expect((await rejection(keys.claim(KEY, PROMPT))).code).to.equal('ANSWER_LOST')
    })
  })

  it('are told over HTTP with a status that no client repeats', async () => {
    await withNode(async (node) => {
      const gateway = new FakeGateway()
      const never = new AbortController().signal
      const ask = async (): Promise<{ status: number; code: string }> => {
        // A server of its own each time: what is in memory is gone.
        const components = { ...gateway.components, client: node.client, keys: node.keys }
        const response = await createServer(components, never).inject({
          method: 'POST',
          url: '/v1/chat/completions',
          headers: { host: '127.0.0.1:3828', 'idempotency-key': KEY },
          payload: CHAT,
        })
        const { error } = JSON.parse(response.body) as { error?: { code: string } }
        return { status: response.statusCode, code: error?.code ?? '' }
      }
      node.client.give(new ScriptedJob().finish())
      expect(await ask()).to.deep.equal({ status: 200, code: '' })
      expect(await ask()).to.deep.equal({ status: 422, code: 'answer_lost' })
    })
  })
})
