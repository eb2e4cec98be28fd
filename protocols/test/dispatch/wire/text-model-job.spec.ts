import { TextPacker, textModelId, textOfToken } from '@duckmesh/proto'
import { expect } from 'chai'
import { textPromptTokens } from '../../../src/dispatch/index.ts'
import type { OpenGeneration, StepFinish, TokenGroup } from '../../../src/dispatch/index.ts'
import { DuckMeshError } from '../../../src/errors.ts'
import { Fleet, billed } from '../support/fleet.ts'
import type { FleetProvider } from '../support/fleet.ts'

const ANSWER = 'Ducks count: eins, zwei, drei, čtyři, 五, 六, 🦆. '.repeat(10)
const MODEL = textModelId('remote')
/** 4 + 18 + 8 bytes in fours: the prompt of every test. */
const PROMPT = 8
const broke = new DuckMeshError('BACKEND_FAILED', 'The stream broke off.')

interface Behaviour {
  /** Breaks when the answer has so many tokens. */
  breaksAt?: number
  /** One character a token. */
  thin?: boolean
  /** Bills so many prompt tokens more than there are. */
  surcharge?: number
  /** Cannot go on from a prefix. */
  noPrefix?: boolean
}

function tokensOf(text: string, thin = false): { id: number; text: string }[] {
  const pieces = thin ? [...text] : [text]
  return pieces.flatMap((piece) => {
    const packer = new TextPacker()
    return [...packer.push(piece), ...packer.flush()]
  })
}

/** Has a provider serve the answer as text, from wherever the prefix ends. */
function serveText(provider: FleetProvider, behaviour: Behaviour = {}): void {
  const { breaksAt = Infinity, noPrefix, surcharge = 0, thin } = behaviour
  provider.engine.open = async (_, spec, prefixIds): Promise<OpenGeneration> => {
    if (noPrefix === true && prefixIds.length > 0) {
      throw new DuckMeshError('NOT_SUPPORTED', 'No half answers.')
    }
    const prefix = prefixIds.map(textOfToken).join('')
    expect(ANSWER.startsWith(prefix)).to.equal(true)
    const tokens = tokensOf(ANSWER.slice(prefix.length), thin)
    let sent = prefixIds.length
    return {
      tokensIn: textPromptTokens(spec.messages, prefixIds.length) + surcharge,
      step: (maxTokens) => step(maxTokens),
      close: () => undefined,
    }
    async function* step(maxTokens: number): AsyncGenerator<TokenGroup, StepFinish> {
      for (let room = maxTokens; room > 0;) {
        if (sent >= breaksAt) throw broke
        const group = tokens.splice(0, Math.min(5, room))
        if (group.length === 0) return { finishReason: 'stop' }
        room -= group.length
        sent += group.length
        yield { ids: group.map(({ id }) => id), text: group.map(({ text }) => text).join('') }
      }
      return { finishReason: tokens.length === 0 ? 'stop' : null }
    }
  }
}

async function run(
  ...behaviours: Behaviour[]
): Promise<{ fleet: Fleet; outcome: Awaited<ReturnType<Fleet['finish']>>['outcome'] }> {
  const fleet = new Fleet(behaviours.length)
  for (const [index, behaviour] of behaviours.entries()) serveText(fleet.at(index), behaviour)
  const job = await fleet.stream({ modelId: MODEL, maxTokens: 1_000 })
  return { fleet, outcome: (await fleet.finish(job)).outcome }
}

describe('a job of a text model', () => {
  it('bills its text in steps, and the prompt as everybody counts it', async () => {
    const { outcome } = await run({})
    expect(outcome).to.include({ state: 'finalized', text: ANSWER, tokensIn: PROMPT })
    const tokens = tokensOf(ANSWER).length
    expect(outcome.ids).to.have.length(tokens)
    const [segment] = outcome.segments
    expect(segment?.receipts.length).to.equal(Math.ceil(tokens / 64))
    expect(outcome.paid).to.equal(billed(segment?.receipts ?? []))
  })

  it('goes on in the middle at the next place, which gets the text as ids', async () => {
    const { fleet, outcome } = await run({ breaksAt: 45 }, {})
    expect(outcome).to.include({ state: 'finalized', text: ANSWER })
    const [first, second] = outcome.segments
    expect(first?.failure?.code).to.equal('BACKEND_FAILED')
    expect(second).to.include({ fromToken: 45, tokensIn: PROMPT + 45 })
    expect(fleet.sent('award')[1]?.frame.award.prefixIds).to.deep.equal(outcome.ids.slice(0, 45))
  })

  it('ends with what was delivered when nobody goes on from a half answer', async () => {
    const { outcome } = await run({ breaksAt: 69 }, { noPrefix: true })
    expect(outcome.state).to.equal('failed')
    expect(outcome.failure?.code).to.equal('NOT_SUPPORTED')
    const delivered = tokensOf(ANSWER).slice(0, 69)
    expect(outcome.text).to.equal(delivered.map(({ text }) => text).join(''))
    // Whole steps have receipts; what came after the last one is not billed.
    expect(outcome.segments[0]?.receipts).to.have.length(1)
    expect(outcome.paid).to.equal(billed(outcome.segments[0]?.receipts ?? []))
  })

  it('pays nothing to a provider that cuts its text into too many tokens', async () => {
    const { outcome } = await run({ thin: true }, {})
    expect(outcome).to.include({ state: 'finalized', text: ANSWER })
    const [first, second] = outcome.segments
    expect(first?.failure?.code).to.equal('CHUNK_INVALID')
    expect(first).to.include({ paid: 0n, text: '' })
    expect(outcome.paid).to.equal(second?.paid)
  })

  it('pays nothing to a provider that bills one prompt token too many', async () => {
    const { outcome } = await run({ surcharge: 1 })
    expect(outcome.failure?.code).to.equal('RECEIPT_INVALID')
    expect(outcome.paid).to.equal(0n)
  })
})
