/** Settings and specs that the tests of this folder start from. */
import type { JobSpec } from '@duckmesh/protocols'
import type { RemoteModelSettings } from '../../src/backend-openai/index.ts'

export const SETTINGS: RemoteModelSettings = {
  url: 'http://127.0.0.1:1/v1',
  model: 'remote-model',
  name: 'remote',
  contextLength: 1_024,
  slots: 2,
  samplers: 'openai',
  tokenLimit: 'max_tokens',
  continuation: 'none',
}

export const SPEC: JobSpec = {
  messages: [{ role: 'user', content: 'Hello' }],
  sampling: {
    temperature: 0,
    topP: 1,
    topK: 0,
    minP: 0,
    repetitionPenalty: 1,
    logitBias: [],
  },
  maxTokens: 64,
  stop: [],
  seed: `0x${'ff'.repeat(32)}`,
}
