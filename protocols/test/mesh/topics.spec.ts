import { expect } from 'chai'
import { allShards, evidenceTopic, parseTopic, topicName, topicsOf } from '../../src/mesh/topics.ts'
import { expectCode } from '../support/expect-code.ts'

const NET = '31337-5fbdb231'

describe('topics', () => {
  it('builds and parses every topic of a network', () => {
    for (const kind of ['jobs', 'offers', 'ctl'] as const) {
      for (const shard of allShards()) {
        const name = topicName(NET, kind, shard)
        expect(name).to.equal(`/duckmesh/${NET}/${kind}/${String(shard)}`)
        expect(parseTopic(name)).to.deep.equal({ network: NET, kind, shard })
      }
    }
    expect(topicsOf(NET, [2, 15])).to.deep.equal([
      `/duckmesh/${NET}/jobs/2`,
      `/duckmesh/${NET}/offers/2`,
      `/duckmesh/${NET}/ctl/2`,
      `/duckmesh/${NET}/jobs/15`,
      `/duckmesh/${NET}/offers/15`,
      `/duckmesh/${NET}/ctl/15`,
      `/duckmesh/${NET}/evidence`,
    ])
    expect(evidenceTopic(NET)).to.equal(`/duckmesh/${NET}/evidence`)
    expect(parseTopic(evidenceTopic(NET))).to.deep.equal({ network: NET, kind: 'evidence' })
  })

  it('takes nothing that is not exactly one of them', () => {
    const others = [
      '',
      `/duckmesh/${NET}/offers/16`,
      `/duckmesh/${NET}/offers/03`,
      `/duckmesh/${NET}/offers/3/`,
      `/duckmesh/${NET}/evidence/3`,
      `/duckmesh/${NET}/evidence/`,
      `/duckmesh/${NET}/evidence\n`,
      `/duckmesh/${NET}/jobs`,
      '/duckmesh//evidence',
      `/duckmesh/31337-5FBDB231/offers/3`,
      `/duckmesh//offers/3`,
      ` /duckmesh/${NET}/offers/3`,
      `/duckmesh/${NET}/offers/3\n`,
    ]
    for (const name of others) expect(parseTopic(name), name).to.equal(null)
  })

  it('refuses to build a topic that could not be parsed', async () => {
    await expectCode('FIELD_OUT_OF_RANGE', () => topicName(NET, 'ctl', 16))
    await expectCode('FIELD_OUT_OF_RANGE', () => topicName('mainnet', 'ctl', 1))
    await expectCode('FIELD_OUT_OF_RANGE', () => evidenceTopic('mainnet'))
  })
})
