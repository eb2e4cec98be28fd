/** A light client of a Node process: native cryptography and a store on disk, one process per account. */
import { createLightClient, endAll, systemClock } from '@duckmesh/sdk'
import type { ClientStore, LightClient, NetworkConfig } from '@duckmesh/sdk'
import type { Logger } from '@duckmesh/protocols'
import type { Hex } from 'viem'
import { NodeCrypto } from '../crypto/index.ts'
import { loadOperatorKey } from '../keys/index.ts'
import type { KeySource } from '../keys/index.ts'
import { DataDir, openNodeStore } from '../storage/index.ts'
import { RecordedTranscripts } from './recorded-transcripts.ts'

export interface OpenClientInit extends KeySource {
  network: NetworkConfig
  dataDir: string
  logger?: Logger
  /** Ends joining. */
  signal?: AbortSignal
}

/**
 * Rejects with KEY_REFUSED, with STORE_LOCKED while another process uses this account, or as
 * `createLightClient`; nothing stays open then.
 */
export async function openClient(init: OpenClientInit): Promise<LightClient> {
  const { dataDir, keystore, network, passwordFile, privateKey, ...options } = init
  const account = await loadOperatorKey({ keystore, passwordFile, privateKey }, network.local)
  const store = await openStore(dataDir, account.address)
  try {
    const crypto = new NodeCrypto()
    return await createLightClient({ ...options, network, account, store, crypto })
  } catch (error) {
    await store.close()
    throw error
  }
}

/** The store of one account, locked for this process until it is closed. */
async function openStore(dataDir: string, payer: Hex): Promise<ClientStore> {
  const dir = await DataDir.open(dataDir)
  const nowMs = systemClock.now()
  const lock = dir.lock(payer, nowMs)
  try {
    const files = await openNodeStore(dir.storeFile('client'))
    const { jobs, ledger, nonces, services } = files
    const transcripts = new RecordedTranscripts(files.records)
    const close = (): Promise<void> => endAll([() => files.close(), () => lock.release()])
    await transcripts.forget(nowMs).catch(async (error: unknown) => {
      await files.close()
      throw error
    })
    return { jobs, ledger, nonces, services, transcripts, close }
  } catch (error) {
    lock.release()
    throw error
  }
}
