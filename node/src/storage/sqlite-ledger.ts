import type { Durability } from '@duckmesh/protocols/dispatch'
import type {
  ChannelKey,
  ChannelRow,
  LedgerStore,
  OpenReservation,
} from '@duckmesh/protocols/settlement'
import type { Hex } from 'viem'
import type { Sql, SqlRow } from './interface.ts'
import { amountsAsText, voucherFromJson, voucherToJson } from './voucher-json.ts'

type SignedVoucher = NonNullable<ChannelRow['voucher']>

const SELECT = 'SELECT payer, provider, paid, settled, redeemed, open, voucher FROM channels'
const UPSERT = `INSERT INTO channels (payer, provider, paid, settled, redeemed, open, voucher)
  VALUES (?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (payer, provider) DO UPDATE SET paid = excluded.paid, settled = excluded.settled,
    redeemed = excluded.redeemed, open = excluded.open, voucher = excluded.voucher`

/** The book of channels in SQLite. Keys are compared in lower case. */
export class SqliteLedger implements LedgerStore {
  readonly #sql: Sql

  constructor(sql: Sql) {
    this.#sql = sql
  }

  async loadChannel(key: ChannelKey): Promise<ChannelRow | undefined> {
    const params = [key.payer.toLowerCase(), key.provider.toLowerCase()]
    const sql = `${SELECT} WHERE payer = ? AND provider = ?`
    const [rows = []] = await this.#sql.read([{ sql, params }])
    return rows.map(channelOf)[0]
  }

  async saveChannel(row: ChannelRow, level: Durability): Promise<void> {
    const params = [
      row.payer.toLowerCase(),
      row.provider.toLowerCase(),
      row.paid.toString(),
      row.settled.toString(),
      row.redeemed.toString(),
      JSON.stringify(row.open, amountsAsText),
      voucherToJson(row.voucher),
    ]
    await this.#sql.write([{ sql: UPSERT, params }], level)
  }

  async listChannels(): Promise<ChannelRow[]> {
    const [rows = []] = await this.#sql.read([{ sql: `${SELECT} ORDER BY payer, provider` }])
    return rows.map(channelOf)
  }
}

function channelOf(row: SqlRow): ChannelRow {
  const channel: ChannelRow = {
    payer: row['payer'] as Hex,
    provider: row['provider'] as Hex,
    paid: BigInt(row['paid'] as string),
    settled: BigInt(row['settled'] as string),
    redeemed: BigInt(row['redeemed'] as string),
    open: reservationsOf(row['open'] as string),
  }
  const voucher = row['voucher'] as string | null
  return voucher === null
    ? channel
    : { ...channel, voucher: voucherFromJson(voucher) as SignedVoucher }
}

function reservationsOf(json: string): OpenReservation[] {
  const stored = JSON.parse(json) as (Omit<OpenReservation, 'prepaid' | 'used'> & {
    prepaid: string
    used: string
  })[]
  return stored.map((open) => ({ ...open, prepaid: BigInt(open.prepaid), used: BigInt(open.used) }))
}
