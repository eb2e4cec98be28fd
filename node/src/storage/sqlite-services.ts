import type { Durability } from '@duckmesh/protocols/dispatch'
import type { ChannelKey, ServiceRow, ServiceStore } from '@duckmesh/protocols/settlement'
import type { Hex } from 'viem'
import type { Sql, SqlRow } from './interface.ts'
import { voucherFromJson, voucherToJson } from './voucher-json.ts'

type SignedServiceVoucher = NonNullable<ServiceRow['voucher']>

const SELECT = 'SELECT payer, provider, paid, due, redeemed, voucher FROM services'
const UPSERT = `INSERT INTO services (payer, provider, paid, due, redeemed, voucher)
  VALUES (?, ?, ?, ?, ?, ?)
  ON CONFLICT (payer, provider) DO UPDATE SET paid = excluded.paid, due = excluded.due,
    redeemed = excluded.redeemed, voucher = excluded.voucher`

/** The book of service fees in SQLite. Keys are compared in lower case. */
export class SqliteServices implements ServiceStore {
  readonly #sql: Sql

  constructor(sql: Sql) {
    this.#sql = sql
  }

  async loadService(key: ChannelKey): Promise<ServiceRow | undefined> {
    const params = [key.payer.toLowerCase(), key.provider.toLowerCase()]
    const sql = `${SELECT} WHERE payer = ? AND provider = ?`
    const [rows = []] = await this.#sql.read([{ sql, params }])
    return rows.map(serviceOf)[0]
  }

  async saveService(row: ServiceRow, level: Durability): Promise<void> {
    const params = [
      row.payer.toLowerCase(),
      row.provider.toLowerCase(),
      row.paid.toString(),
      row.due.toString(),
      row.redeemed.toString(),
      voucherToJson(row.voucher),
    ]
    await this.#sql.write([{ sql: UPSERT, params }], level)
  }

  async listServices(): Promise<ServiceRow[]> {
    const [rows = []] = await this.#sql.read([{ sql: `${SELECT} ORDER BY payer, provider` }])
    return rows.map(serviceOf)
  }
}

function serviceOf(row: SqlRow): ServiceRow {
  const service: ServiceRow = {
    payer: row['payer'] as Hex,
    provider: row['provider'] as Hex,
    paid: BigInt(row['paid'] as string),
    due: BigInt(row['due'] as string),
    redeemed: BigInt(row['redeemed'] as string),
  }
  const voucher = row['voucher'] as string | null
  return voucher === null
    ? service
    : { ...service, voucher: voucherFromJson(voucher) as SignedServiceVoucher }
}
