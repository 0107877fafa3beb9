// An Anthropic API for benchmarks: the same bytes every time, from one thread.
//
//     upstream [PORT]       prints the port (a free one, if none is named), serves until stdin ends
//
// Any POST is answered. What is answered, markers anywhere in the request's body say:
//
//     "stream":true         events, one HTTP chunk each, as the API sends them; else a JSON message
//     shape-100x20ms        that stream has 100 text deltas, 20 ms apart (0ms: as fast as they go)
//     size-16384            that message has 16,384 bytes; without it 1,200
//
// The text of a delta is @NANOSECONDS@, the CLOCK_MONOTONIC time at which it was written: whoever
// reads it on the same machine knows how long it took.

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define HEAD_MAX (64 * 1024)
#define BODY_MAX (64 * 1024 * 1024)
#define EVENTS_MAX 1000000
#define DELAY_MAX_MS 60000
#define MESSAGE_MIN 400
#define MESSAGE_MAX (16 * 1024 * 1024)
#define WRITE_SIZE (16 * 1024) // what a stream without delays writes at once
#define FDS_MAX 65536
#define EPOLL_BATCH 512

enum state { READING, ANSWERING, STREAMING };

// A connection. What it writes is `out`: its own buffer, or a message that all connections share.
struct conn {
    int fd;
    uint64_t serial; // tells it from an earlier one with the same fd
    enum state state;
    bool is_last;     // closed after this answer
    bool wants_write; // registered for EPOLLOUT
    bool is_timed;    // has an entry in the timers
    char *in;         // the request, and what came behind it
    size_t in_length, in_capacity;
    char *own;
    size_t own_capacity;
    const char *out;
    size_t out_length, out_offset;
    long events, sent;   // of the stream
    uint64_t delay, due; // ns
};

// When a stream's next event is due. The connection may be gone by then; the serial tells.
struct timer {
    uint64_t due, serial;
    int fd;
};

// A message with its head, ready to be written.
struct message {
    size_t size;
    char *bytes;
    size_t length;
};

static struct conn *conns[FDS_MAX];
static struct timer *timers; // a binary heap
static size_t timer_count, timer_capacity;
static struct message messages[16];
static size_t message_count;
static int poller;
static uint64_t serials;

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static void *grown(void *block, size_t size)
{
    void *bigger = realloc(block, size);
    if (!bigger) die("upstream: memory");
    return bigger;
}

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

// ---- timers

static void add_timer(struct conn *c)
{
    if (timer_count == timer_capacity) {
        timer_capacity = timer_capacity ? timer_capacity * 2 : 1024;
        timers = grown(timers, timer_capacity * sizeof *timers);
    }
    size_t i = timer_count++;
    for (; i > 0 && timers[(i - 1) / 2].due > c->due; i = (i - 1) / 2)
        timers[i] = timers[(i - 1) / 2];
    timers[i] = (struct timer){c->due, c->serial, c->fd};
    c->is_timed = true;
}

static struct timer first_timer(void)
{
    struct timer first = timers[0], last = timers[--timer_count];
    size_t i = 0;
    for (size_t child = 1; child < timer_count; child = 2 * i + 1) {
        if (child + 1 < timer_count && timers[child + 1].due < timers[child].due) child++;
        if (timers[child].due >= last.due) break;
        timers[i] = timers[child];
        i = child;
    }
    timers[i] = last;
    return first;
}

// ---- what is written

static void append(struct conn *c, const char *bytes, size_t length)
{
    if (c->out_offset > 0) {
        memmove(c->own, c->own + c->out_offset, c->out_length - c->out_offset);
        c->out_length -= c->out_offset;
        c->out_offset = 0;
    }
    if (c->out_length + length > c->own_capacity) {
        c->own_capacity = 2 * (c->out_length + length);
        c->own = grown(c->own, c->own_capacity);
    }
    memcpy(c->own + c->out_length, bytes, length);
    c->out = c->own;
    c->out_length += length;
}

// An event, as a chunk of its own.
static void event(struct conn *c, const char *name, const char *data)
{
    char text[1024], chunk[1100];
    int length = snprintf(text, sizeof text, "event: %s\ndata: %s\n\n", name, data);
    if (length < 0 || (size_t)length >= sizeof text) abort();
    length = snprintf(chunk, sizeof chunk, "%x\r\n%s\r\n", (unsigned)length, text);
    append(c, chunk, (size_t)length);
}

static void begin_stream(struct conn *c)
{
    static const char HEAD[] =
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n"
        "Cache-Control: no-cache\r\nrequest-id: req_bench\r\n"
        "Transfer-Encoding: chunked\r\n\r\n";
    append(c, HEAD, sizeof HEAD - 1);
    event(c, "message_start",
          "{\"type\":\"message_start\",\"message\":{\"id\":\"msg_bench\",\"type\":\"message\","
          "\"role\":\"assistant\",\"model\":\"claude-sonnet-4-5\",\"content\":[],\"stop_reason\":"
          "null,"
          "\"stop_sequence\":null,\"usage\":{\"input_tokens\":25,\"cache_creation_input_tokens\":0,"
          "\"cache_read_input_tokens\":0,\"output_tokens\":1,\"service_tier\":\"standard\"}}}");
    event(c, "content_block_start",
          "{\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\","
          "\"text\":\"\"}}");
}

static void delta(struct conn *c)
{
    char data[160];
    snprintf(data, sizeof data,
             "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\","
             "\"text\":\"@%llu@ word\"}}",
             (unsigned long long)now_ns());
    event(c, "content_block_delta", data);
}

static void end_stream(struct conn *c)
{
    char data[160];
    event(c, "content_block_stop", "{\"type\":\"content_block_stop\",\"index\":0}");
    snprintf(data, sizeof data,
             "{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\",\"stop_"
             "sequence\":null},"
             "\"usage\":{\"output_tokens\":%ld}}",
             c->events);
    event(c, "message_delta", data);
    event(c, "message_stop", "{\"type\":\"message_stop\"}");
    append(c, "0\r\n\r\n", 5);
}

// The message of so many bytes, made once: a benchmark uses few sizes.
static const struct message *message_of(size_t size)
{
    static const char BEGIN[] =
        "{\"id\":\"msg_bench\",\"type\":\"message\",\"role\":\"assistant\","
        "\"model\":\"claude-sonnet-4-5\",\"content\":[{\"type\":\"text\",\"text\":\"";
    static const char END[] = "\"}],\"stop_reason\":\"end_turn\",\"stop_sequence\":null,\"usage\":{"
                              "\"input_tokens\":25,\"cache_creation_input_tokens\":0,"
                              "\"cache_read_input_tokens\":0,\"output_tokens\":150}}";
    static const char TEXT[] = "All happy families are alike; each unhappy one differs. ";
    for (size_t i = 0; i < message_count; i++)
        if (messages[i].size == size) return &messages[i];
    if (message_count == sizeof messages / sizeof *messages) {
        fprintf(stderr, "upstream: more than %zu sizes of messages\n", message_count);
        exit(1);
    }
    struct message *made = &messages[message_count++];
    made->size = size;
    made->bytes = grown(NULL, size + 256);
    int head =
        snprintf(made->bytes, 256,
                 "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nrequest-id: req_bench\r\n"
                 "Content-Length: %zu\r\n\r\n",
                 size);
    char *body = made->bytes + head;
    for (size_t i = 0; i < size; i++) body[i] = TEXT[i % (sizeof TEXT - 1)];
    memcpy(body, BEGIN, sizeof BEGIN - 1);
    memcpy(body + size - (sizeof END - 1), END, sizeof END - 1);
    made->length = (size_t)head + size;
    return made;
}

// ---- what is read

// The value of a header in a head that ends in an empty line, or NULL.
static const char *header(const char *head, size_t length, const char *name)
{
    size_t name_length = strlen(name);
    const char *end = head + length, *line = head;
    while ((line = memchr(line, '\n', (size_t)(end - line))) != NULL) {
        line++;
        if ((size_t)(end - line) <= name_length + 1) return NULL;
        if (strncasecmp(line, name, name_length) == 0 && line[name_length] == ':') {
            line += name_length + 1;
            while (*line == ' ') line++;
            return line;
        }
    }
    return NULL;
}

// Joins the chunks of a body in place, if `used` is given. Its length, with `*used` bytes read; -1
// if more must come, -2 if they are no chunks.
static long join_chunks(char *body, size_t length, size_t *used)
{
    size_t from = 0, to = 0;
    for (;;) {
        char *line_end = memmem(body + from, length - from, "\r\n", 2);
        if (!line_end) return -1;
        char *number_end;
        unsigned long size = strtoul(body + from, &number_end, 16);
        if (number_end == body + from || size > BODY_MAX) return -2;
        from = (size_t)(line_end - body) + 2;
        if (length - from < size + 2) return -1;
        if (used) memmove(body + to, body + from, size);
        from += size + 2;
        to += size;
        if (size == 0) break;
    }
    if (used) *used = from;
    return (long)to;
}

static bool is_stream(const char *body, size_t length)
{
    static const char NAME[] = "\"stream\"";
    const char *end = body + length, *found = memmem(body, length, NAME, sizeof NAME - 1);
    if (!found) return false;
    for (found += sizeof NAME - 1; found < end && (*found == ' ' || *found == ':'); found++)
        continue;
    return end - found >= 4 && memcmp(found, "true", 4) == 0;
}

// Behind a marker, as a string that ends; "" if it is not there.
static void after_marker(const char *body, size_t length, const char *marker, char text[32])
{
    const char *found = memmem(body, length, marker, strlen(marker));
    text[0] = 0;
    if (!found) return;
    found += strlen(marker);
    size_t rest = (size_t)(body + length - found);
    snprintf(text, 32, "%.*s", (int)(rest < 31 ? rest : 31), found);
}

static void start_stream(struct conn *c, const char *body, size_t length)
{
    char shape[32];
    unsigned long delay = 20;
    after_marker(body, length, "shape-", shape);
    if (sscanf(shape, "%ldx%lums", &c->events, &delay) < 1) c->events = 100;
    if (c->events < 0 || c->events > EVENTS_MAX) c->events = EVENTS_MAX;
    if (delay > DELAY_MAX_MS) delay = DELAY_MAX_MS;
    c->sent = 0;
    c->delay = delay * 1000000u;
    c->due = now_ns();
    c->state = STREAMING;
    begin_stream(c);
}

static void start_message(struct conn *c, const char *body, size_t length)
{
    char digits[32];
    after_marker(body, length, "size-", digits);
    size_t size = digits[0] ? strtoul(digits, NULL, 10) : 1200;
    if (size < MESSAGE_MIN) size = MESSAGE_MIN;
    if (size > MESSAGE_MAX) size = MESSAGE_MAX;
    const struct message *message = message_of(size);
    c->out = message->bytes;
    c->out_length = message->length;
    c->state = ANSWERING;
}

// Begins the answer to the request that has been read, if it is there whole. False: not HTTP.
static bool take_request(struct conn *c)
{
    if (!c->in) return true;
    const char *head_end = memmem(c->in, c->in_length, "\r\n\r\n", 4);
    if (!head_end) return c->in_length < HEAD_MAX;
    size_t head = (size_t)(head_end - c->in) + 4, used = 0, rest = c->in_length - head;
    char *body = c->in + head;
    const char *chunked = header(c->in, head, "transfer-encoding");
    const char *connection = header(c->in, head, "connection");
    c->is_last = connection && strncasecmp(connection, "close", 5) == 0;
    long length = 0;
    if (chunked && strncasecmp(chunked, "chunked", 7) == 0) {
        length = join_chunks(body, rest, NULL);
        if (length >= 0) length = join_chunks(body, rest, &used);
        if (length == -1) return rest < BODY_MAX;
        if (length < 0) return false;
    } else {
        const char *digits = header(c->in, head, "content-length");
        length = digits ? strtol(digits, NULL, 10) : 0;
        if (length < 0 || length > BODY_MAX) return false;
        if (rest < (size_t)length) return true;
        used = (size_t)length;
    }
    bool is_post = strncmp(c->in, "POST ", 5) == 0;
    if (is_post && is_stream(body, (size_t)length)) start_stream(c, body, (size_t)length);
    else start_message(c, body, (size_t)length);
    c->in_length -= head + used;
    memmove(c->in, body + used, c->in_length);
    if (c->in_length == 0 && c->in_capacity > HEAD_MAX) {
        free(c->in);
        c->in = NULL;
        c->in_capacity = 0;
    }
    return true;
}

// ---- connections

static void end_conn(struct conn *c)
{
    conns[c->fd] = NULL;
    close(c->fd);
    free(c->in);
    free(c->own);
    free(c);
}

static void watch(struct conn *c, bool wants_write)
{
    if (c->wants_write == wants_write) return;
    struct epoll_event e = {.events = EPOLLIN | (wants_write ? EPOLLOUT : 0u), .data.fd = c->fd};
    if (epoll_ctl(poller, EPOLL_CTL_MOD, c->fd, &e)) die("upstream: epoll");
    c->wants_write = wants_write;
}

// Writes what there is. False: the connection is broken.
static bool flush(struct conn *c)
{
    while (c->out_offset < c->out_length) {
        ssize_t n =
            send(c->fd, c->out + c->out_offset, c->out_length - c->out_offset, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return errno == EAGAIN;
        c->out_offset += (size_t)n;
    }
    c->out_offset = c->out_length = 0;
    return true;
}

// Puts those events of a stream that are due.
static void put_events(struct conn *c)
{
    uint64_t now = now_ns();
    while (c->sent < c->events && c->due <= now && c->out_length - c->out_offset < WRITE_SIZE) {
        delta(c);
        c->sent++;
        c->due += c->delay;
    }
    if (c->sent == c->events) {
        end_stream(c);
        c->state = ANSWERING;
    }
}

// Does whatever can be done now: takes requests, writes answers. Ends a connection that is over.
static void go_on(struct conn *c)
{
    for (;;) {
        if (c->state == READING && !take_request(c)) break;
        if (c->state == READING) return;
        if (c->state == STREAMING) put_events(c);
        if (!flush(c)) break;
        if (c->out_length > 0) {
            watch(c, true);
            return;
        }
        if (c->state == STREAMING) {
            // Without delays: on as soon as epoll comes round, so that all streams have their turn.
            watch(c, c->delay == 0);
            if (c->delay > 0 && !c->is_timed) add_timer(c);
            return;
        }
        watch(c, false);
        if (c->is_last) break;
        c->state = READING;
    }
    end_conn(c);
}

static void read_more(struct conn *c)
{
    if (c->in_length == c->in_capacity) {
        c->in_capacity = c->in_capacity ? c->in_capacity * 2 : 4096;
        c->in = grown(c->in, c->in_capacity + 1); // and a zero, at which strtoul stops
    }
    ssize_t n = recv(c->fd, c->in + c->in_length, c->in_capacity - c->in_length, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n <= 0 || c->in_length + (size_t)n > HEAD_MAX + BODY_MAX) {
        end_conn(c);
        return;
    }
    c->in_length += (size_t)n;
    c->in[c->in_length] = 0;
    if (c->state == READING) go_on(c);
}

static void accept_all(int listener)
{
    int fd, yes = 1;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        struct conn *c = fd < FDS_MAX ? calloc(1, sizeof *c) : NULL;
        if (!c) {
            close(fd);
            continue;
        }
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        c->fd = fd;
        c->serial = ++serials;
        conns[fd] = c;
        struct epoll_event e = {.events = EPOLLIN, .data.fd = fd};
        if (epoll_ctl(poller, EPOLL_CTL_ADD, fd, &e)) die("upstream: epoll");
    }
    if (errno == EMFILE || errno == ENFILE) die("upstream: connections");
}

static void run_timers(void)
{
    uint64_t now = now_ns();
    while (timer_count > 0 && timers[0].due <= now) {
        struct timer timer = first_timer();
        struct conn *c = conns[timer.fd];
        if (!c || c->serial != timer.serial) continue;
        c->is_timed = false;
        if (c->state == STREAMING) go_on(c);
    }
}

static int listen_on(const char *port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), yes = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    address.sin_port = htons((uint16_t)strtoul(port, NULL, 10));
    if (fd < 0) die("upstream: socket");
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) || listen(fd, 4096)
        || getsockname(fd, (struct sockaddr *)&address, &length))
        die("upstream: listen");
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    return fd;
}

static void end_with_stdin(void)
{
    char bytes[256];
    if (read(STDIN_FILENO, bytes, sizeof bytes) <= 0) exit(0);
}

static int wait_for_events(struct epoll_event *events)
{
    struct timespec timeout = {0};
    uint64_t now = now_ns();
    if (timer_count > 0 && timers[0].due > now) {
        timeout.tv_sec = (time_t)((timers[0].due - now) / 1000000000u);
        timeout.tv_nsec = (long)((timers[0].due - now) % 1000000000u);
    }
    int n = epoll_pwait2(poller, events, EPOLL_BATCH, timer_count > 0 ? &timeout : NULL, NULL);
    if (n < 0 && errno != EINTR) die("upstream: epoll");
    return n;
}

int main(int count, char **arguments)
{
    signal(SIGPIPE, SIG_IGN);
    poller = epoll_create1(EPOLL_CLOEXEC);
    int listener = listen_on(count > 1 ? arguments[1] : "0");
    struct epoll_event e = {.events = EPOLLIN, .data.fd = listener}, events[EPOLL_BATCH];
    if (epoll_ctl(poller, EPOLL_CTL_ADD, listener, &e)) die("upstream: epoll");
    e.data.fd = STDIN_FILENO;
    epoll_ctl(poller, EPOLL_CTL_ADD, STDIN_FILENO, &e); // fails, and need not work, for a file
    for (;;) {
        int n = wait_for_events(events);
        for (int i = 0; i < n; i++) {
            int fd = events[i].data.fd;
            if (fd == listener) accept_all(listener);
            else if (fd == STDIN_FILENO) end_with_stdin();
            else if (conns[fd] && (events[i].events & ~(uint32_t)EPOLLOUT)) read_more(conns[fd]);
            if (fd != listener && conns[fd] && (events[i].events & EPOLLOUT)) go_on(conns[fd]);
        }
        run_timers();
    }
}
