export function isAlive(pid: number): boolean
export function isKnown(pid: number): boolean
export function tryLockFile(path: string): number
export function withLockFile<T>(path: string, onWait: (pid: number) => void, work: () => Promise<T>): Promise<T>
