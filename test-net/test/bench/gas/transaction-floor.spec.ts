import { expect } from 'chai'
import type { Hex, PublicClient, TransactionReceipt } from 'viem'
import { transactionFloor } from '../../../src/bench/gas/transaction-floor.ts'

const CALLED: Hex = `0x${'aa'.repeat(20)}`
const OTHER: Hex = `0x${'bb'.repeat(20)}`
const SENDER: Hex = `0x${'cc'.repeat(20)}`
const slot = (n: number): Hex => `0x${n.toString(16).padStart(64, '0')}`

type Storage = Record<Hex, Hex>

interface Chain {
  input: Hex
  /** what the transaction touches in the contract that it calls */
  touched?: Storage
  before?: Storage
  after?: Storage
  /** another contract is called */
  beside?: boolean
}

/** A node that answers what the floor asks for. */
function nodeOf({
  after = {},
  before = {},
  beside = false,
  input,
  touched = {},
}: Chain): PublicClient {
  const accounts = {
    [SENDER]: {},
    [CALLED]: { code: '0x60', storage: touched },
    ...(beside ? { [OTHER]: { code: '0x60' } } : {}),
  }
  const difference = {
    pre: { [CALLED]: { storage: before } },
    post: { [CALLED]: { storage: after } },
  }
  const answer = ({
    params,
  }: {
    params: [Hex, { tracerConfig: { diffMode: boolean } }]
  }): unknown => (params[1].tracerConfig.diffMode ? difference : accounts)
  const node = {
    getTransaction: async () => ({ input }),
    request: async (args: never) => answer(args),
  }
  return node as unknown as PublicClient
}

function floorOf(
  chain: Chain,
  logs: { topics: Hex[]; data: Hex }[] = [],
  recoveries = 0,
): Promise<number> {
  const receipt = { logs, to: CALLED, transactionHash: slot(1) } as unknown as TransactionReceipt
  return transactionFloor(nodeOf(chain), receipt, recoveries)
}

describe('transactionFloor', () => {
  it('charges the transaction and its bytes, zeros a quarter', async () => {
    expect(await floorOf({ input: '0x' })).to.equal(21_000)
    const slots = { [slot(1)]: slot(9) }
    expect(await floorOf({ input: '0x00ff', touched: slots })).to.equal(21_000 + 4 + 16 + 2_100)
  })

  it('charges reads, changes and fresh slots of storage', async () => {
    const touched = { [slot(1)]: slot(9), [slot(2)]: slot(8) }
    expect(await floorOf({ input: '0x', touched })).to.equal(21_000 + 2 * 2_100)
    const changed = { touched, before: { [slot(1)]: slot(9) }, after: { [slot(1)]: slot(7) } }
    expect(await floorOf({ input: '0x', ...changed })).to.equal(21_000 + 2 * 2_100 + 2_900)
    const filled = { after: { [slot(3)]: slot(1) } }
    expect(await floorOf({ input: '0x', ...filled })).to.equal(21_000 + 2_100 + 20_000)
  })

  it('gives back what an emptied slot gives back', async () => {
    const cleared = { touched: { [slot(1)]: slot(9) }, before: { [slot(1)]: slot(9) } }
    expect(await floorOf({ input: '0x', ...cleared })).to.equal(21_000 + 5_000 - 4_800)
  })

  it('charges other contracts, logs and signatures', async () => {
    expect(await floorOf({ input: '0x', beside: true })).to.equal(21_000 + 2_600)
    const log = { topics: [slot(1), slot(2)], data: slot(3) }
    expect(await floorOf({ input: '0x' }, [log])).to.equal(21_000 + 3 * 375 + 32 * 8)
    expect(await floorOf({ input: '0x' }, [], 2)).to.equal(21_000 + 2 * 3_100)
  })

  it('is never below what the bytes alone must cost', async () => {
    const input: Hex = `0x${'ff'.repeat(100)}`
    expect(await floorOf({ input })).to.equal(21_000 + 4_000)
  })
})
