/** A client's transcripts among the records of its store. */
import type { JobTranscript, TranscriptStore } from '@duckmesh/sdk'
import type { Hex } from 'viem'
import type { RecordStore } from '../storage/index.ts'

/** How long a client's disk keeps them, ms: 30 d. */
const TRANSCRIPT_TTL_MS = 30 * 86_400_000

export class RecordedTranscripts implements TranscriptStore {
  readonly #records: RecordStore

  constructor(records: RecordStore) {
    this.#records = records
  }

  /** Drops those whose time is over. Resolves to how many. */
  forget(nowMs: number): Promise<number> {
    return this.#records.forget('transcript', nowMs - TRANSCRIPT_TTL_MS)
  }

  save(transcript: JobTranscript): Promise<void> {
    const body = new TextEncoder().encode(JSON.stringify(transcript))
    const { endedMs: atMs, jobId: key } = transcript
    return this.#records.put({ kind: 'transcript', key, atMs, body }, 'grouped')
  }

  async find(jobId: Hex): Promise<JobTranscript | undefined> {
    const body = await this.#records.get('transcript', jobId)
    return body === undefined ? undefined : transcriptOf(body)
  }

  async list(limit: number): Promise<JobTranscript[]> {
    const records = await this.#records.list('transcript', limit)
    return records.map(({ body }) => transcriptOf(body))
  }
}

/** Written by `save` above. */
export function transcriptOf(body: Uint8Array): JobTranscript {
  return JSON.parse(new TextDecoder().decode(body)) as JobTranscript
}
