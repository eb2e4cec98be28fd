/** Lint rules: typescript-eslint's strictest set, and what DuckMesh forbids so that reviews need not. */
import { builtinModules } from 'node:module'
import { defineConfig, globalIgnores } from 'eslint/config'
import tseslint from 'typescript-eslint'

/** Syntax that Node cannot run by stripping types, or that hides names from a search. */
const forbiddenSyntax = [
  ['ExportDefaultDeclaration', 'Export by name: a name is found by search and renamed by tools.'],
  ['TSEnumDeclaration', 'No enum: it does not run under type stripping. Use an `as const` object.'],
  ['TSModuleDeclaration[kind="namespace"]', 'No namespace: it does not run under type stripping.'],
  ['TSParameterProperty', 'No parameter property: it does not run under type stripping.'],
  ['ExportAllDeclaration', 'Re-export by name: `export *` hides what a package offers.'],
].map(([selector, message]) => ({ selector, message }))

/** Time and chance come in as components (DESIGN, "Packages and layers"), so a simulation runs the same code. */
const injected = 'comes in as a component: take Clock or Rng from `components`.'
const clockSyntax = [
  {
    selector: 'NewExpression[callee.name="Date"][arguments.length=0]',
    message: `The current time ${injected}`,
  },
]
const clockProperties = [
  { object: 'Date', property: 'now', message: `The current time ${injected}` },
  { object: 'performance', property: 'now', message: `The current time ${injected}` },
  { object: 'Math', property: 'random', message: `Chance ${injected}` },
  { object: 'crypto', property: 'getRandomValues', message: `Chance ${injected}` },
  { object: 'crypto', property: 'randomUUID', message: `Chance ${injected}` },
  { object: 'AbortSignal', property: 'timeout', message: `A timer ${injected}` },
]
const clockGlobals = ['setTimeout', 'setInterval', 'setImmediate', 'fetch', 'WebSocket'].map(
  (name) => ({
    name,
    message: `${name} ${injected}`,
  }),
)

/** Names that the DOM puts into every file: a forgotten variable would pass the type check. */
const domGlobals = [
  'name',
  'event',
  'status',
  'length',
  'origin',
  'parent',
  'top',
  'self',
  'open',
  'close',
  'stop',
  'find',
  'window',
  'document',
  'location',
  'history',
  'localStorage',
].map((name) => ({ name, message: 'A browser global: declare or import what you mean.' }))

const nodeModules = `^(?:node:.*|(?:${builtinModules.join('|')}))$`
const browserSafe = ['proto/src/**', 'protocols/src/**', 'sdk/src/**', 'contracts/ts/**']
const pure = ['proto/src/**', 'protocols/src/**']
const tests = ['*/test/**/*.ts']

export default defineConfig(
  globalIgnores([
    '**/generated/',
    '**/dist/',
    '**/coverage/',
    '**/*.d.ts',
    'out/',
    'cache/',
    '.cache/',
    'contracts/out/',
    'contracts/cache/',
    'contracts/ts/abi/',
    'contracts/ts/bytecode/',
  ]),
  {
    files: ['**/*.{ts,js,mjs,cjs}'],
    extends: [tseslint.configs.strictTypeChecked],
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    languageOptions: {
      parserOptions: {
        projectService: true,
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      eqeqeq: 'error',
      'no-console': 'error',
      'no-restricted-syntax': ['error', ...forbiddenSyntax],
      'no-restricted-globals': ['error', ...domGlobals],
      'max-lines': ['error', { max: 400 }],
      'max-lines-per-function': ['error', { max: 60 }],
      'object-shorthand': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/consistent-type-exports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_' },
      ],
      // Messages name counts and amounts: numbers and bigints print as one expects.
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      // `() => doIt()` as a callback reads better than a block.
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // Ports return promises; an implementation without a wait must still turn a throw into a rejection.
      '@typescript-eslint/require-await': 'off',
      // A string is spread into code points on purpose.
      '@typescript-eslint/no-misused-spread': ['error', { allow: ['string'] }],
      // `while (true)` is how a reader loop over a stream is written.
      '@typescript-eslint/no-unnecessary-condition': [
        'error',
        { allowConstantLoopConditions: 'only-allowed-literals' },
      ],
    },
  },
  {
    files: browserSafe,
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex: nodeModules,
              message: 'This package runs in browsers too: no Node module here.',
            },
          ],
        },
      ],
    },
  },
  {
    files: pure,
    rules: {
      'no-restricted-syntax': ['error', ...forbiddenSyntax, ...clockSyntax],
      'no-restricted-properties': ['error', ...clockProperties],
      'no-restricted-globals': ['error', ...domGlobals, ...clockGlobals],
    },
  },
  {
    files: tests,
    rules: {
      // One `describe` holds a table of cases; its length says nothing about its difficulty.
      'max-lines': 'off',
      'max-lines-per-function': 'off',
      // `expect(x).to.be.true` is chai's way to assert.
      '@typescript-eslint/no-unused-expressions': 'off',
      // Tests break records to see them refused.
      '@typescript-eslint/no-dynamic-delete': 'off',
      // A missing value fails the test at the right line, which is what a test is for.
      '@typescript-eslint/no-non-null-assertion': 'off',
    },
  },
  {
    // The terminal is their surface: results go to stdout.
    files: [
      'scripts/**',
      'contracts/{,script/}*.ts',
      'node/src/**/*-cli.ts',
      'proto/vectors/*.ts',
      'node/src/cli/**',
      'test-net/src/output/**',
    ],
    rules: { 'no-console': 'off' },
  },
  {
    // Plain scripts and configuration have no types to check.
    files: ['**/*.{js,mjs,cjs}'],
    extends: [tseslint.configs.disableTypeChecked],
    languageOptions: { parserOptions: { projectService: false } },
  },
  {
    files: ['**/*.cjs'],
    rules: { '@typescript-eslint/no-require-imports': 'off' },
  },
  {
    // These tools read the default export.
    files: ['*.config.js'],
    rules: { 'no-restricted-syntax': 'off' },
  },
)
