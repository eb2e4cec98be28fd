/** A light client of a Node process: native cryptography and a store on disk, one process per account. */
import { createLightClient } from '@duckmesh/sdk'
import type { LightClient, NetworkConfig } from '@duckmesh/sdk'
import type { Logger } from '@duckmesh/protocols'
import type { Hex } from 'viem'
import { NodeCrypto } from '../crypto/index.ts'
import { loadOperatorKey } from '../keys/index.ts'
import { DataDir, openNodeStore } from '../storage/index.ts'

export interface OpenClientInit {
  network: NetworkConfig
  /** Raw key; local networks only. */
  privateKey: Hex
  dataDir: string
  logger?: Logger
}

/** Rejects with STORE_LOCKED while another process uses this account, or as `createLightClient`. */
export async function openClient(init: OpenClientInit): Promise<LightClient> {
  const { logger, network } = init
  const account = await loadOperatorKey({ privateKey: init.privateKey }, network.local)
  const dir = await DataDir.open(init.dataDir)
  const lock = dir.lock(account.address, Date.now())
  try {
    const files = await openNodeStore(dir.storeFile('client'))
    const close = async (): Promise<void> => {
      await files.close()
      lock.release()
    }
    const store = { ledger: files.ledger, jobs: files.jobs, nonces: files.nonces, close }
    const crypto = new NodeCrypto()
    return await createLightClient({ network, account, store, crypto, ...(logger === undefined ? {} : { logger }) })
  } catch (error) {
    lock.release()
    throw error
  }
}
