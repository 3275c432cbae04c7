import path from 'node:path'
import { writeEntryFiles } from '#scripts/entry/files.ts'
import { PlainError, runMain } from '#scripts/run-main.ts'

// `node scripts/entry-files.ts FOLDER`, after a build: what the image of nginx takes from the build's stage.
await runMain(async () => {
  const [folder] = process.argv.slice(2)
  if (!folder) throw new PlainError('usage: node scripts/entry-files.ts FOLDER')
  const { files, packed } = writeEntryFiles(path.dirname(import.meta.dirname), path.resolve(folder))
  process.stdout.write(`${files} files for nginx in ${folder}, ${packed} of them also packed\n`)
})
