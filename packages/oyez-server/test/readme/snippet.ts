import { readFileSync } from 'node:fs'

const README = new URL('../../../../README.md', import.meta.url)

/** The TypeScript example of the README whose first line is `// <name>`. */
export function snippet(name: string): string {
  const found = [...readFileSync(README, 'utf8').matchAll(/```ts\n([\s\S]*?)```/g)]
    .map(([, code]) => code ?? '')
    .find((code) => code.startsWith(`// ${name}\n`))
  if (found === undefined) throw new Error(`README.md has no example ${name}`)
  return found
}

/** The lines of the README's shell examples that begin with a command. */
export function shellLines(command: string): readonly string[] {
  return [...readFileSync(README, 'utf8').matchAll(/```sh\n([\s\S]*?)```/g)]
    .flatMap(([, block]) => (block ?? '').split('\n'))
    .filter((line) => line.startsWith(command))
    .map((line) => line.replace(/\s+#.*$/, ''))
}
