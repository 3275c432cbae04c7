import type { ReactNode } from 'react'
import { ClientMessages } from '#app/_server/messages.tsx'

export default function ModelsLayout({ children }: { children: ReactNode }) {
  return <ClientMessages namespaces={['admin', 'adminModels']}>{children}</ClientMessages>
}
