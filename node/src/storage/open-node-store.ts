import type { NodeStore } from './interface.ts'
import { MIGRATIONS } from './schema.ts'
import { SqliteClient } from './sqlite-client.ts'
import { SqliteJobLog } from './sqlite-job-log.ts'
import { SqliteLedger } from './sqlite-ledger.ts'
import { SqliteMeta } from './sqlite-meta.ts'
import { SqliteNonces } from './sqlite-nonces.ts'
import { SqliteRecords } from './sqlite-records.ts'
import { SqliteServices } from './sqlite-services.ts'

/**
 * Opens or creates the database of one role (a provider's or a client's; the tables are the same, because both
 * sides keep the same books). Rejects with STORE_CORRUPT, STORE_LOCKED or VERSION_UNSUPPORTED.
 */
export async function openNodeStore(path: string): Promise<NodeStore> {
  const sql = await SqliteClient.open({ path, migrations: MIGRATIONS })
  return {
    ledger: new SqliteLedger(sql),
    services: new SqliteServices(sql),
    jobs: new SqliteJobLog(sql),
    nonces: new SqliteNonces(sql),
    meta: new SqliteMeta(sql),
    records: new SqliteRecords(sql),
    close: () => sql.close(),
  }
}
