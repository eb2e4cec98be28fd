/** The command line of a DuckMesh node. */
import { Command, CommanderError, InvalidArgumentError } from 'commander'
import { parseEther } from 'viem'
import { chat } from './chat.ts'
import type { ChatOptions } from './chat.ts'
import { EXIT } from './exit-codes.ts'
import { newKey } from './new-key.ts'
import { printFailure, printJsonError } from './output.ts'
import { up } from './up.ts'

/** Runs one command and sets the exit code; `argv` without the first two entries of `process.argv`. */
export async function main(argv: readonly string[]): Promise<void> {
  const json = argv.includes('--json')
  try {
    await createProgram(json).parseAsync([...argv], { from: 'user' })
  } catch (error) {
    if (error instanceof CommanderError) usageFailure(error, json)
    else printFailure(error, json)
  }
}

/** `json`: what is wrong with the arguments is not printed as text. */
function createProgram(json: boolean): Command {
  const program = new Command('duckmesh')
    .description('Peer and client of DuckMesh, an open market for AI inference')
    .option('--json', 'results as JSON lines on stdout, failures as JSON on stderr', false)
    .exitOverride()
  if (json) program.configureOutput({ outputError: () => undefined })
  addUp(program)
  addChat(program)
  addKeys(program)
  return program
}

/** The parser has printed it already, unless it was asked for JSON; help is no failure. */
function usageFailure({ code, exitCode, message }: CommanderError, json: boolean): void {
  if (exitCode === 0) return
  process.exitCode = EXIT.usage
  if (json) printJsonError({ code: 'CONFIG_INVALID', message, stage: 'config', details: { code } })
}

function addUp(program: Command): void {
  program
    .command('up')
    .description('run a provider peer until it is stopped')
    .option('--config <file>', 'JSON configuration; DUCKMESH_* variables and --set go before it')
    .option(
      '--set <path=value>',
      'one option, for example listen.tcp=4000; may be repeated',
      collect,
      {},
    )
    .action(async (options: { config?: string; set: Record<string, string> }) => {
      await up({ ...options, json: isJson(program) })
    })
}

function addChat(program: Command): void {
  program
    .command('chat')
    .description('ask a model on the local network that runs here, or on the one of --network')
    .argument('<prompt>')
    .option('--network <file>', 'network file; the newest running local network when left out')
    .option('--model <name>', 'model name, CID or id', 'duckling')
    .option('--max-tokens <n>', 'tokens of the answer at most', wholeNumber)
    .option('--temperature <t>', '0 is greedy', decimal)
    .option('--max-price <duck>', 'most the job may cost, in DUCK', duck)
    .action(async (prompt: string, options: Omit<ChatOptions, 'json'>) => {
      await chat(prompt, { ...options, json: isJson(program) })
    })
}

function addKeys(program: Command): void {
  const keys = program.command('keys').description('keys of this node')
  keys
    .command('new')
    .description('make an operator key in an encrypted file and print its address')
    .argument('<file>')
    .requiredOption('--password-file <file>', 'file that holds the password')
    .action(async (path: string, options: { passwordFile: string }) => {
      await newKey(path, { ...options, json: isJson(program) })
    })
}

function isJson(program: Command): boolean {
  return program.opts<{ json: boolean }>().json
}

function collect(text: string, before: Record<string, string>): Record<string, string> {
  const at = text.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('expected path=value')
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) }
}

function wholeNumber(text: string): number {
  if (!/^[0-9]{1,6}$/.test(text)) throw new InvalidArgumentError('expected a whole number')
  return Number(text)
}

function decimal(text: string): number {
  if (!/^[0-9]+(\.[0-9]+)?$/.test(text)) throw new InvalidArgumentError('expected a number')
  return Number(text)
}

function duck(text: string): bigint {
  if (!/^[0-9]+(\.[0-9]{1,18})?$/.test(text)) {
    throw new InvalidArgumentError('expected an amount in DUCK')
  }
  return parseEther(text)
}
