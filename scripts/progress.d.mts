export function startProgress(label: string): (outcome: string) => void
