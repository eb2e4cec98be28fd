/**
 * Writes docs/layout.md: a tree of the repository with one sentence per file, taken from the file itself.
 *
 *   node scripts/generate-layout.mjs [--check]
 *
 * The sentence is the first one of the comment at the top of the file or, without one, of the comment on its main
 * export; of a Solidity file its `@notice` or `@title`; of a Markdown file its heading. A file that has none is an error.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { basename, dirname, extname, join } from 'node:path'
import { projectFiles } from './lib/files.mjs'
import { root } from './lib/process.mjs'

const target = 'docs/layout.md'

/** Folders whose files are of one kind: one line for all of them. */
const folders = {
  'proto/src/generated': 'Static protobuf code, written by `npm run generate`',
  'proto/vectors': 'Golden bytes and digests, read by mocha and forge',
  'contracts/ts/abi': 'Typed ABIs, written by `npm run generate`',
  'contracts/ts/bytecode': 'Creation bytecode, written by `npm run generate`',
  'contracts/snapshots': 'Gas of the calls that matter, written by forge',
  'node/models/duckling': 'The default model: weights, tokenizer, card and licence',
}

/** Files that cannot speak for themselves: by path, or by name in any folder. */
const sentences = {
  '.ci/run': 'Runs the tests on a clean checkout',
  '.editorconfig': 'Indentation and line ends for editors',
  '.gitattributes': 'Line ends, binary files and generated files for git',
  '.gitignore': 'What git leaves out',
  '.mocharc.json': 'Settings of mocha',
  '.npmrc': 'Settings of npm',
  '.nvmrc': 'The version of Node for version managers',
  '.prettierignore': 'What the formatter leaves alone',
  '.prettierrc.json': 'Settings of the formatter',
  '.solhint.json': 'Lint rules for Solidity',
  '.solhintignore': 'What the Solidity linter leaves alone',
  LICENSE: 'The licence, MIT',
  'training/duckling/draws.jsonl': 'The 500 questions that the model card scores Duckling on',
  'foundry.toml': 'Settings of forge',
  'knip.json': 'Settings of the check for unused code',
  'package-lock.json': 'Every package with its version and hash',
  'package.json': 'Workspaces, commands and tools',
  'tsconfig.base.json': 'Compiler settings that all packages share',
  'tsconfig.json': 'What `tsc -b` builds here',
  'tsconfig.test.json': 'Compiler settings that all tests share',
}

/** The first sentence of a text, on one line and without its full stop. */
function firstSentence(text) {
  const paragraph = text
    .trim()
    .split(/\n\s*\n|\n\s*@/)[0]
    .replace(/\s+/g, ' ')
    .trim()
  const end = /[.!?](?=\s+[^a-z\s]|$)/.exec(paragraph)
  const sentence = end === null ? paragraph : paragraph.slice(0, end.index)
  return sentence.replace(/[:;,]$/, '').trim()
}

const blockText = (block) => block.replace(/^[ \t]*\*? ?/gm, '').replace(/^\/?\*+|\*+\/$/g, '')
const lineText = (lines, mark) =>
  lines
    .split('\n')
    .map((line) => line.trim().slice(mark.length))
    .join('\n')

/** The comment a script file opens with, past a #! line. */
function openingComment(text) {
  const body = text.replace(/^#!.*\n/, '').replace(/^\s+/, '')
  const block = /^\/\*\*?([\s\S]*?)\*\//.exec(body)
  if (block !== null) return blockText(block[1])
  const lines = /^(?:\/\/(?!\/? ?(?:eslint|@ts-)).*\n)+/.exec(body)
  return lines === null ? undefined : lineText(lines[0], '//')
}

const letters = (name) => name.replace(/[^a-z0-9]/gi, '').toLowerCase()

/** The comment on the export named as the file, or on the first export that has one. */
function exportComment(text, name) {
  const pattern =
    /^\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\nexport (?:declare |abstract |async )*\w+\*? (\w+)/gm
  const documented = [...text.matchAll(pattern)]
  const main =
    documented.find(([, , exported]) => letters(exported) === letters(name)) ?? documented[0]
  return main === undefined ? undefined : blockText(main[1])
}

function describeScript(path, text) {
  const name = basename(path).replace(/(\.spec)?\.\w+$/, '')
  const found = openingComment(text) ?? exportComment(text, name)
  if (found !== undefined) return found
  if (path.endsWith('.spec.ts')) {
    const title = /\bdescribe\(\s*(['"`])(.*?)\1/.exec(text)?.[2]
    return title === undefined ? undefined : `Tests: ${title}`
  }
  return name === 'index'
    ? `What \`${dirname(path).replace(/\/(src|ts)$/, '')}\` offers to others`
    : undefined
}

function describeSolidity(path, text) {
  const comments = [...text.matchAll(/\/\*\*[\s\S]*?\*\/|(?:^[ \t]*\/\/\/.*\n)+/gm)]
  // What stands before the first contract, interface, library, struct or type is about the file.
  const start =
    /^(?:abstract )?(?:contract|interface|library|struct|type|function|using|error)\b/m.exec(
      text,
    )?.index
  const head = comments
    .filter(({ index }) => start === undefined || index < start)
    .map(([comment]) => (comment.startsWith('/**') ? blockText(comment) : lineText(comment, '///')))
    .join('\n')
  const tagged = (tag) => new RegExp(`@${tag}\\s+([\\s\\S]*?)(?=\\n\\s*@|$)`).exec(head)?.[1]
  const tested = path.endsWith('.t.sol') ? `Tests of ${basename(path, '.t.sol')}` : undefined
  return tagged('notice') ?? tagged('title') ?? (head.trim() === '' ? tested : head)
}

function describe(path, text) {
  if (basename(path) === 'package.json' && path !== 'package.json')
    return JSON.parse(text).description
  const fixed = sentences[path] ?? sentences[basename(path)]
  if (fixed !== undefined) return fixed
  const kind = extname(path)
  if (/^\.(ts|mts|js|mjs|cjs|proto)$/.test(kind)) return describeScript(path, text)
  if (kind === '.sol') return describeSolidity(path, text)
  if (kind === '.md') return /^#\s+(.*)$/m.exec(text)?.[1]
  if (kind === '.html') return /<title>(.*?)<\/title>/.exec(text)?.[1]
  if (kind === '.json') return undefined
  // Shell, TOML, YAML and the like.
  const hash = /^(?:[ \t]*#(?!!).*\n)+/m.exec(text.replace(/^#!.*\n/, ''))
  return hash === null ? undefined : lineText(hash[0], '#')
}

/** `{ path: sentence }` of everything to be shown, and the files without a sentence. */
async function collect() {
  const entries = new Map([[target, 'This map']])
  const silent = []
  for (const path of await projectFiles()) {
    const folder = Object.keys(folders).find((name) => path.startsWith(`${name}/`))
    if (folder !== undefined) entries.set(`${folder}/`, folders[folder])
    else if (path !== target) {
      const sentence = firstSentence(describe(path, readFileSync(join(root, path), 'utf8')) ?? '')
      if (sentence === '') silent.push(path)
      else entries.set(path, sentence)
    }
  }
  return { entries, silent }
}

/** The tree as nested maps; a leaf is a sentence. */
function nest(entries) {
  const tree = new Map()
  for (const [path, sentence] of entries) {
    const parts = path.split('/').filter((part) => part !== '')
    const name = parts.pop() + (path.endsWith('/') ? '/' : '')
    let at = tree
    for (const part of parts) {
      if (!at.has(`${part}/`)) at.set(`${part}/`, new Map())
      at = at.get(`${part}/`)
    }
    at.set(name, sentence)
  }
  return tree
}

const COLUMN = 40

function print(tree, depth = 0) {
  const isFolder = ([, value]) => typeof value !== 'string'
  const order = (a, b) => Number(isFolder(b)) - Number(isFolder(a)) || (a[0] < b[0] ? -1 : 1)
  return [...tree].sort(order).flatMap(([name, value]) => {
    const label = '  '.repeat(depth) + name
    if (typeof value !== 'string') return [label, ...print(value, depth + 1)]
    return [`${label.padEnd(COLUMN - 2)}  ${value}`]
  })
}

/** One section per top folder, the root's own files last. */
function render(entries) {
  const tree = nest(entries)
  const lines = [
    '# Layout',
    '',
    'Every file and what it is for. Written by `npm run generate`; change the comment at the top of a file instead.',
  ]
  const top = [...tree]
    .filter(([, value]) => typeof value !== 'string')
    .sort(([a], [b]) => (a < b ? -1 : 1))
  const rest = new Map([...tree].filter(([, value]) => typeof value === 'string'))
  for (const [name, subtree] of top) {
    lines.push('', `## ${name}`, '', '```', ...print(subtree), '```')
  }
  lines.push('', '## Root', '', '```', ...print(rest), '```', '')
  return lines.join('\n')
}

const current = () => {
  try {
    return readFileSync(join(root, target), 'utf8')
  } catch {
    return ''
  }
}

async function main(check) {
  const { entries, silent } = await collect()
  if (silent.length > 0) {
    console.error(
      'These files do not say what they are for. Begin each with a sentence in a comment:',
    )
    for (const path of silent) console.error(`  ${path}`)
    return 1
  }
  const text = render(entries)
  if (!check) {
    writeFileSync(join(root, target), text)
    console.log(`${target}: ${entries.size} entries`)
    return 0
  }
  if (text === current()) {
    console.log(`${target}: ${entries.size} entries, up to date`)
    return 0
  }
  const before = new Set(current().split('\n'))
  const changed = text.split('\n').filter((line) => !before.has(line))
  console.error(
    `${target} is out of date; run \`npm run generate\`. Lines it lacks:\n${changed.slice(0, 20).join('\n')}`,
  )
  return 1
}

process.exitCode = await main(process.argv.includes('--check'))
