import { expect } from 'chai'
import { main } from '../../src/cli/main.ts'
import { describe as tell } from '../../src/cli/why.ts'
import { withTempDir } from '../temp-dir.ts'
import { captured } from './captured.ts'
import { AUCTION, LOSER, SEAT, WINNER, keep, transcript } from './transcripts.ts'

const run = (...argv: string[]) => captured(() => main(argv))

describe('what `why` tells', () => {
  it('says what a job cost, how it ended, and who served it', () => {
    const { jobId } = transcript()
    expect(tell(transcript())).to.deep.equal([
      `Job ${jobId}`,
      '  finalized',
      '  one provider, auction lane, 750 ms',
      '  paid 0.005 DUCK of at most 1 DUCK',
      'Awards',
      `  0  ${WINNER}  finalized, 7 tokens, 0.000000000005 DUCK`,
    ])
  })

  it('says who bid, who passed and why, which seats answered, and what the seat got', () => {
    const lines = tell(transcript({ auctions: [AUCTION], fee: { seat: SEAT, amount: '0' } }))
    const from = lines.findIndex((line) => line.startsWith('Auction'))
    expect(lines).to.include(`  the seat ${SEAT} got 0 DUCK for matching`)
    expect(lines.slice(from, from + 7)).to.deep.equal([
      'Auction 1: epoch 3, turn 4, shard 10, 172 ms',
      `  match ${AUCTION.matchHash}`,
      `  seat  ${SEAT}  answered in 12 ms, 2 bids, its match was used`,
      `  seat  ${LOSER}  no answer, 0 bids`,
      `  bid   ${WINNER}  1. winner  0.1 DUCK  It won.`,
      `  bid   ${LOSER}  out        It asks too much.`,
      `  pass  ${SEAT}  ENGINE_BUSY Too many.`,
    ])
  })

  it('says whether the members agree, why there was no auction, and what failed', () => {
    const failure = { code: 'PROVIDER_LOST', detail: 'Gone.' }
    const [first] = transcript().segments
    const lines = tell(
      transcript({
        mode: 0,
        replicas: 3,
        agreed: false,
        lane: 'direct',
        fallback: 'No seat answered.',
        state: 'failed',
        failure,
        segments: [{ ...first!, state: 'failed', fromToken: 3, failure }],
      }),
    )
    expect(lines).to.include.members([
      '  failed (PROVIDER_LOST: Gone.)',
      '  redundant, 3 members, direct lane, 750 ms',
      '  the members do not agree',
      '  no seat was used: No seat answered.',
    ])
    expect(lines.at(-1)).to.contain('failed (PROVIDER_LOST), 7 tokens from 3 on')
    expect(tell(transcript({ agreed: true }))).to.include('  the members agree')
  })

  it('tells those who were invited and late from nobody to invite', () => {
    const [seat] = AUCTION.seats
    const lost = {
      ...AUCTION,
      seats: [{ ...seat!, bids: 0, invited: 5 }],
      bids: [],
      passes: [],
      failure: { code: 'NO_BIDS' as const, detail: '5 were invited, nobody answered in time.' },
    }
    const lines = tell(transcript({ auctions: [lost], segments: [] }))
    const from = lines.findIndex((line) => line.startsWith('Auction'))
    expect(lines.slice(from)).to.deep.equal([
      'Auction 1: epoch 3, turn 4, shard 10, 172 ms',
      `  match ${AUCTION.matchHash}`,
      '  nobody got the job (NO_BIDS): 5 were invited, nobody answered in time.',
      `  seat  ${SEAT}  answered in 12 ms, 5 invited, 0 bids, its match was used`,
      'Awards',
      '  none',
    ])
  })

  it('says of an auction without a match which seats failed it, and with what', () => {
    const zero = `0x${'00'.repeat(32)}` as const
    const seats = [
      {
        owner: SEAT,
        ackMs: 3,
        bids: 0,
        primary: false,
        invited: 2,
        code: 'STREAM_CLOSED' as const,
      },
      { owner: LOSER, ackMs: null, bids: 0, primary: false, code: 'SEAT_FEE_DUE' as const },
    ]
    const detail = '1 seat acknowledged the header, none made a match.'
    const failure = { code: 'SEATS_UNREACHABLE' as const, detail }
    const none = { matchHash: zero, bidsRoot: zero, seats, bids: [], passes: [], failure }
    expect(tell(transcript({ auctions: [{ ...AUCTION, ...none }] }))).to.include.members([
      '  no match',
      `  nobody got the job (SEATS_UNREACHABLE): ${detail}`,
      `  seat  ${SEAT}  answered in 3 ms, STREAM_CLOSED, 2 invited, 0 bids`,
      `  seat  ${LOSER}  no answer, SEAT_FEE_DUE, 0 bids`,
    ])
  })

  it('says that nobody was awarded', () => {
    expect(tell(transcript({ segments: [] })).slice(-2)).to.deep.equal(['Awards', '  none'])
  })
})

describe('duckmesh why', () => {
  it('prints the newest job as text or as JSON', async () => {
    await withTempDir(async (folder) => {
      const newest = transcript({ auctions: [AUCTION], endedMs: 9_000 })
      await keep(folder, transcript({ jobId: `0x${'ee'.repeat(32)}` }), newest)
      const { err, exitCode, out } = await run('why', '--data-dir', folder)
      expect({ err, exitCode }).to.deep.equal({ err: '', exitCode: undefined })
      expect(out.split('\n')[0]).to.equal(`Job ${newest.jobId}`)
      const json = await run('--json', 'why', newest.jobId.slice(0, 10), '--data-dir', folder)
      expect(JSON.parse(json.out)).to.deep.equal(newest)
    })
  })

  it('lets no text of the network command the terminal or make a line of its own', async () => {
    await withTempDir(async (folder) => {
      const failure = { code: 'PROVIDER_LOST', detail: 'x\u001b[2J\nJob 0x00' }
      await keep(folder, transcript({ state: 'failed', failure }))
      const { out } = await run('why', '--data-dir', folder)
      expect(out).to.not.contain('\u001b')
      expect(out.split('\n').filter((line) => line.startsWith('Job'))).to.have.length(1)
    })
  })

  it('says that a job is unknown, and what no job id is', async () => {
    await withTempDir(async (folder) => {
      const unknown = await run('why', '0xab', '--data-dir', folder, '--json')
      expect(JSON.parse(unknown.err)).to.have.nested.property('error.code', 'JOB_UNKNOWN')
      expect(unknown.exitCode).to.equal(1)
      const wrong = await run('why', 'last', '--data-dir', folder)
      expect(wrong.err).to.match(/^CONFIG_INVALID: "last" is no job id/)
      expect(wrong.exitCode).to.equal(78)
    })
  })
})
