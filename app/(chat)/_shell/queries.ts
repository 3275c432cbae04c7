'use client'

import {
  type InfiniteData,
  type QueryClient,
  useInfiniteQuery,
  useMutation,
  useQuery,
  useQueryClient,
} from '@tanstack/react-query'
import { requestJson } from '#app/(chat)/_shell/api.ts'
import type { Status } from '#app/(chat)/_shell/shell-context.ts'
import type { ConversationSummary, RunningGeneration } from '#lib/chat/shared.ts'

type Page = { items: ConversationSummary[]; nextCursor: string | null }
type Pages = InfiniteData<Page, string | null>

const CONVERSATIONS = ['conversations']
const STATUS = ['status']
const POLL_MS = 2_500

/** The person's conversations, newest first, page by page. The first page came with the document. */
export function useConversations() {
  return useInfiniteQuery<Page, Error, Pages, string[], string | null>({
    queryKey: CONVERSATIONS,
    queryFn: ({ pageParam }) =>
      requestJson<Page>(`/api/conversations${pageParam ? `?cursor=${encodeURIComponent(pageParam)}` : ''}`),
    initialPageParam: null,
    getNextPageParam: (page) => page.nextCursor,
    staleTime: Number.POSITIVE_INFINITY,
  })
}

/** Balance and running answers; asked for again and again only while something runs. */
export function useStatus() {
  return useQuery<Status>({
    queryKey: STATUS,
    queryFn: () => requestJson<Status>('/api/status'),
    refetchInterval: ({ state }) => (state.data?.running.length ? POLL_MS : false),
    // Credits may have come in elsewhere a moment ago.
    refetchOnWindowFocus: 'always',
  })
}

/** Puts a conversation first in the list, as the server will; adds it when it is new. */
export function noteConversation(
  client: QueryClient,
  { conversationId, title, at }: { conversationId: string; title: string | null; at: string },
): void {
  client.setQueryData<Pages>(CONVERSATIONS, (data) => {
    if (!data) return data
    const known = data.pages.flatMap((page) => page.items).find((item) => item.id === conversationId)
    const item = { id: conversationId, title: known?.title ?? title ?? '', activeAt: at, running: true }
    const [first, ...rest] = without(data, conversationId).pages
    return {
      ...data,
      pages: [{ items: [item, ...(first?.items ?? [])], nextCursor: first?.nextCursor ?? null }, ...rest],
    }
  })
}

/** Shows an answer as running before the next poll says so. */
export function noteRunning(client: QueryClient, running: RunningGeneration): void {
  client.setQueryData<Status>(STATUS, (status) =>
    status
      ? { ...status, running: [...status.running.filter((one) => one.generationId !== running.generationId), running] }
      : status,
  )
}

/** Takes the running mark away before the next poll does, which brings the balance. */
export function noteEnded(client: QueryClient, conversationId: string): void {
  client.setQueryData<Status>(STATUS, (status) =>
    status ? { ...status, running: status.running.filter((one) => one.conversationId !== conversationId) } : status,
  )
  void client.invalidateQueries({ queryKey: STATUS })
}

/** Renames at once, and takes it back when the server refuses. */
export function useRenameConversation() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: ({ id, title }: { id: string; title: string }) =>
      requestJson(`/api/conversations/${id}`, { method: 'PATCH', body: { title } }),
    onMutate: ({ id, title }) =>
      replacePages(client, (data) => ({
        ...data,
        pages: data.pages.map((page) => ({
          ...page,
          items: page.items.map((item) => (item.id === id ? { ...item, title } : item)),
        })),
      })),
    onError: (_error, _input, before) => client.setQueryData(CONVERSATIONS, before),
  })
}

/** Moves a conversation to the bin at once, and takes it back when the server refuses. */
export function useDeleteConversation() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: ({ id }: { id: string }) => requestJson(`/api/conversations/${id}`, { method: 'DELETE' }),
    onMutate: ({ id }) => replacePages(client, (data) => without(data, id)),
    onError: (_error, _input, before) => client.setQueryData(CONVERSATIONS, before),
  })
}

/** Takes a conversation out of the bin. */
export function useRestoreConversation() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: ({ id }: { id: string }) => requestJson(`/api/conversations/${id}/restore`, { method: 'POST' }),
    onSettled: () => client.invalidateQueries({ queryKey: CONVERSATIONS }),
  })
}

async function replacePages(client: QueryClient, change: (data: Pages) => Pages): Promise<Pages | undefined> {
  await client.cancelQueries({ queryKey: CONVERSATIONS })
  const before = client.getQueryData<Pages>(CONVERSATIONS)
  if (before) client.setQueryData(CONVERSATIONS, change(before))
  return before
}

function without(data: Pages, id: string): Pages {
  return {
    ...data,
    pages: data.pages.map((page) => ({ ...page, items: page.items.filter((item) => item.id !== id) })),
  }
}
