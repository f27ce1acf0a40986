// Durable group chat as one writes it with Socket.IO: rooms, an INSERT for each message, then the room is told.
import { createServer } from 'node:http'
import { createAdapter } from '@socket.io/postgres-adapter'
import pg from 'pg'
import { Server } from 'socket.io'

const { DATABASE_URL, ADAPTER } = process.env
const pool = new pg.Pool({ connectionString: DATABASE_URL, max: 10 })
pool.on('error', (error) => console.error(error.message))
await pool.query(`
  create table members (conversation text, member text, primary key (conversation, member));
  create table messages (
    id bigint generated always as identity primary key,
    conversation text not null,
    sender text not null,
    content text not null,
    created_at timestamptz not null default now()
  );
  create index messages_of_a_conversation on messages (conversation, id desc);
  create table socket_io_attachments (id bigserial unique, created_at timestamptz default now(), payload bytea)`)

const server = createServer(async (request, response) => {
  const { pathname, searchParams } = new URL(request.url, 'http://localhost')
  const [conversation, user] = [searchParams.get('conversation'), searchParams.get('user')]
  if (pathname !== '/history' || !(await isMember(conversation, user))) {
    response.writeHead(404).end()
    return
  }
  const { rows } = await pool.query({
    name: 'history',
    text: 'select id, sender, content, created_at from messages where conversation = $1 order by id desc limit $2',
    values: [conversation, Number(searchParams.get('limit'))],
  })
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify({ data: rows }))
})

const io = new Server(server, { transports: ['websocket'], serveClient: false })
if (ADAPTER === 'postgres') io.adapter(createAdapter(pool))
io.use((socket, next) => {
  socket.data.user = socket.handshake.auth.user
  next()
})
io.on('connection', (socket) => {
  const { user } = socket.data
  socket.on('join', async ({ conversation }, answer) => {
    if (!(await isMember(conversation, user))) return answer({ ok: false, error: 'forbidden' })
    socket.join(conversation)
    answer({ ok: true })
  })
  socket.on('send', async ({ conversation, text }, answer) => {
    if (!socket.rooms.has(conversation)) return answer({ ok: false, error: 'forbidden' })
    try {
      const { rows } = await pool.query({
        name: 'send',
        text: 'insert into messages (conversation, sender, content) values ($1, $2, $3) returning id, created_at',
        values: [conversation, user, text],
      })
      socket.to(conversation).emit('message', { ...rows[0], conversation, sender: user, text })
      answer({ ok: true, id: rows[0].id })
    } catch (error) {
      answer({ ok: false, error: error.message })
    }
  })
})

async function isMember(conversation, user) {
  const { rowCount } = await pool.query({
    name: 'member',
    text: 'select from members where conversation = $1 and member = $2',
    values: [conversation, user],
  })
  return rowCount === 1
}

server.listen(0, '127.0.0.1', () => console.log(`listening on http://127.0.0.1:${server.address().port}`))
process.on('SIGTERM', () => process.exit(0))
