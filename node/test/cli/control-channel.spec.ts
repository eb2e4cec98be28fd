import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { serveCommands } from '../../src/cli/control-channel.ts'

const CHILD = fileURLToPath(new URL('control-child.ts', import.meta.url))
const EXEC_ARGV = ['--conditions=@duckmesh/source', '--disable-warning=ExperimentalWarning']

function start(...args: string[]): { child: ChildProcess; ended: Promise<string> } {
  const child = fork(CHILD, args, {
    execArgv: EXEC_ARGV,
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  let text = ''
  child.stderr?.on('data', (part: Buffer) => (text += part.toString()))
  // 'close' would wait for the channel too, which some tests close from this side.
  const over = Promise.all([once(child, 'exit'), once(child.stderr!, 'end')])
  return { child, ended: over.then(() => text) }
}

describe('serveCommands', () => {
  it('answers each command by its id, and nothing that is no command', async () => {
    const { child, ended } = start()
    await once(child, 'message')
    const answers = new Map<unknown, unknown>()
    const all = new Promise<void>((resolve) => {
      child.on('message', (message) => {
        const { id, ...rest } = message as { id: string }
        answers.set(id, rest)
        if (answers.size === 5) resolve()
      })
    })
    for (const noise of ['text', null, 7, [], { command: 'double' }, { command: 1, id: 'x' }]) {
      child.send(noise as string)
    }
    child.send({ command: 'double', id: 'a', amount: '21' })
    child.send({ command: 'nothing', id: 'b' })
    child.send({ command: 'fail', id: 'c' })
    child.send({ command: 'crash', id: 'd' })
    child.send({ command: 'toString', id: 'e' })
    await all
    expect(answers.get('a')).to.deep.equal({ ok: true, result: { amount: '42' } })
    expect(answers.get('b')).to.deep.equal({ ok: true, result: null })
    const failed = answers.get('c') as { ok: boolean; error: Record<string, unknown> }
    expect(failed.ok).to.equal(false)
    expect(failed.error).to.deep.include({ code: 'NOTHING_TO_REDEEM', details: { held: '0' } })
    expect(failed.error['cause']).to.deep.equal(['Error: outer', 'Error: inner'])
    expect(answers.get('d')).to.have.nested.property('error.code', 'INTERNAL')
    expect(answers.get('e')).to.have.nested.property('error.code', 'NOT_SUPPORTED')
    child.disconnect()
    expect(await ended).to.equal('gone')
  })

  it('says that the supervisor is gone also when that happened before it served', async () => {
    const { child, ended } = start('late')
    await once(child, 'spawn')
    child.disconnect()
    expect(await ended).to.equal('gone')
  })

  it('does nothing in a process without a supervisor', () => {
    expect(process.connected).to.not.equal(true)
    serveCommands({}, () => expect.fail('called'))
    expect(process.listenerCount('disconnect')).to.equal(0)
  })
})
