/** Records of jobs, and stores that hold them as a client leaves them. */
import { join } from 'node:path'
import type { JobTranscript } from '@duckmesh/sdk'
import type { Hex } from 'viem'
import { DataDir, openNodeStore } from '../../src/storage/index.ts'

const hex = (byte: string, bytes: number): Hex => `0x${byte.repeat(bytes)}`

export const SEAT: Hex = hex('5e', 20)
export const WINNER: Hex = hex('aa', 20)
export const LOSER: Hex = hex('bb', 20)

export function transcript(over: Partial<JobTranscript> = {}): JobTranscript {
  return {
    jobId: hex('ab', 32),
    payer: hex('01', 20),
    modelId: hex('3a', 32),
    lane: 'auction',
    mode: 1,
    replicas: 1,
    maxPrice: `${10n ** 18n}`,
    createdMs: 1_000,
    endedMs: 1_750,
    auctions: [],
    segments: [
      {
        segment: 0,
        provider: WINNER,
        state: 'finalized',
        fromToken: 0,
        tokens: 7,
        paid: '5000000',
      },
    ],
    state: 'finalized',
    paid: `${5n * 10n ** 15n}`,
    agreed: null,
    ...over,
  }
}

export const AUCTION: JobTranscript['auctions'][0] = {
  attempt: 0,
  epoch: 3,
  turn: 4,
  shard: 10,
  ruleVersion: 1,
  matchHash: hex('cc', 32),
  bidsRoot: hex('dd', 32),
  seats: [
    { owner: SEAT, ackMs: 12.4, bids: 2, primary: true },
    { owner: LOSER, ackMs: null, bids: 0, primary: false },
  ],
  auctionMs: 171.6,
  bids: [
    {
      provider: WINNER,
      price: `${10n ** 17n}`,
      score: '1',
      place: 0,
      role: 'winner',
      why: 'It won.',
    },
    { provider: LOSER, code: 'PRICE_ABOVE_CAP', why: 'It asks too much.' },
  ],
  passes: [{ provider: SEAT, code: 'ENGINE_BUSY', detail: 'Too many.' }],
}

/** Keeps the records in a client's store in that folder, and closes it. */
export async function keep(folder: string, ...transcripts: JobTranscript[]): Promise<void> {
  const dir = await DataDir.open(folder)
  const store = await openNodeStore(dir.storeFile('client'))
  for (const one of transcripts) {
    const body = new TextEncoder().encode(JSON.stringify(one))
    const record = { kind: 'transcript' as const, key: one.jobId, body, atMs: one.endedMs }
    await store.records.put(record, 'durable')
  }
  await store.close()
}

/** Where the gateway of a local peer keeps its jobs. */
export function gatewayFolder(networks: string): string {
  return join(networks, 'devnet-1-x', 'provider-0', 'gateway')
}
