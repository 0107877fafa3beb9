// Many streams at once through a proxy, and what became of their events.
//
//     streams --port P --path /v1/messages --body FILE --streams K --events N
//             [--rounds R | --seconds S] [--ramp MS] [--deadline S] [--header 'name: value']...
//
// Each of K connections, begun evenly within the ramp, asks R times one after the other, or until S
// seconds are over. N events are expected of each answer. Reads Anthropic's streams and OpenAI's. A
// stream counts only if it came to its proper end, `message_stop` or `[DONE]`, without an error;
// whatever is missing of N is counted, also of streams that broke. Prints one line of JSON; times
// are from the upstream's write, which stands in the event as @NANOSECONDS@, to the read here.

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

#define LINE_KEPT 4096 // of a longer line: what is looked for stands at the beginning
#define BODY_MAX (64 * 1024 * 1024)
#define STREAMS_MAX 20000
#define EPOLL_BATCH 512

// Where in an answer the next byte stands.
enum place { HEAD, CHUNK_SIZE, CHUNK, CHUNK_END, TRAILER, BODY, COMPLETE };

struct stream {
    int fd; // -1: none
    enum place place;
    bool is_active, is_connecting, is_reused, wants_write;
    bool is_chunked, is_closed_after, has_end, has_error, has_event;
    long rounds, deltas;
    uint64_t begin_at, asked; // ns; begin_at is 0 if nothing is to begin
    size_t sent;              // of the request
    uint64_t left;            // of the chunk or body
    size_t head_length, event_length;
    char head[LINE_KEPT + 1]; // a line of HTTP that has come in part
    char event[LINE_KEPT];    // and one of the events
};

// Times in buckets 1.6 % wide, so that many cost no more memory than few.
struct times {
    uint64_t buckets[59 * 64], count, max;
};

static const char *path = "/v1/messages", *body_file;
static char headers[8192];
static long port, stream_count = 1, event_count = 100, rounds, seconds, ramp_ms, deadline = 60;
static char *request;
static size_t request_length;
static struct stream *streams;
static struct times first_event, latency;
static uint64_t ok, errors, missing, deltas, deltas_in_time, connections, begun_at, end_at;
static long live, waiting; // streams that are not over, and those that are to begin
static int poller;
static char error_sample[200];

static void fail(const char *message)
{
    fprintf(stderr, "streams: %s\n", message);
    exit(2);
}

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

// ---- times

static void add_time(struct times *times, uint64_t ns)
{
    int shift = ns < 64 ? 0 : 57 - __builtin_clzll(ns); // leaves 64 to 127
    uint64_t index = ns < 64 ? ns : 64 * (uint64_t)shift + (ns >> shift);
    if (index >= sizeof times->buckets / sizeof *times->buckets) index = 59 * 64 - 1;
    times->buckets[index]++;
    times->count++;
    if (ns > times->max) times->max = ns;
}

// In microseconds: the time that so many percent do not exceed.
static double percentile(const struct times *times, unsigned percent)
{
    uint64_t rank = (times->count * percent + 99) / 100, seen = 0;
    for (uint64_t i = 0; i < sizeof times->buckets / sizeof *times->buckets && rank > 0; i++) {
        seen += times->buckets[i];
        if (seen < rank) continue;
        uint64_t shift = i < 128 ? 0 : i / 64 - 1;
        return (double)(((i < 128 ? i : i % 64 + 64) << shift) + ((1ull << shift) >> 1)) / 1e3;
    }
    return 0;
}

// ---- a stream's life

static void note_error(const char *what, const char *text, size_t length)
{
    if (error_sample[0]) return;
    int n = snprintf(error_sample, sizeof error_sample, "%s %.*s", what,
                     (int)(length < 150 ? length : 150), text);
    for (int i = 0; i < n && i < (int)sizeof error_sample - 1; i++)
        if (error_sample[i] < ' ' || error_sample[i] == '"' || error_sample[i] == '\\')
            error_sample[i] = ' ';
}

static void hang_up(struct stream *s)
{
    if (s->fd >= 0) close(s->fd);
    s->fd = -1;
}

// After an answer, whole or broken: counts it, and plans the next.
static void finish(struct stream *s, bool is_whole)
{
    uint64_t now = now_ns();
    s->is_active = false;
    s->rounds++;
    if (is_whole && !s->has_end) note_error("a stream without its end", "", 0);
    bool is_good = is_whole && s->has_end && !s->has_error && s->deltas <= event_count;
    if (is_good) ok++;
    else errors++;
    if (s->deltas < event_count) missing += (uint64_t)(event_count - s->deltas);
    if (!is_good || s->is_closed_after) hang_up(s);
    if (seconds > 0 ? now >= end_at : s->rounds >= rounds) {
        hang_up(s);
        live--;
    } else {
        s->begin_at = is_good ? now : now + 20000000u; // a server that is down is not to be stormed
        waiting++;
    }
}

static void watch(struct stream *s, bool wants_write)
{
    if (s->wants_write == wants_write) return;
    struct epoll_event e = {.events = EPOLLIN | (wants_write ? EPOLLOUT : 0u), .data.ptr = s};
    epoll_ctl(poller, EPOLL_CTL_MOD, s->fd, &e);
    s->wants_write = wants_write;
}

static void send_request(struct stream *s)
{
    while (s->sent < request_length) {
        ssize_t n = send(s->fd, request + s->sent, request_length - s->sent, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) break; // an error is seen again by the next read
        s->sent += (size_t)n;
    }
    watch(s, s->sent < request_length);
}

static bool open_connection(struct stream *s)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int yes = 1;
    to.sin_port = htons((uint16_t)port);
    s->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (s->fd < 0) return false;
    setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (connect(s->fd, (struct sockaddr *)&to, sizeof to) && errno != EINPROGRESS) return false;
    struct epoll_event e = {.events = EPOLLIN | EPOLLOUT, .data.ptr = s};
    connections++;
    s->is_connecting = s->wants_write = true;
    return epoll_ctl(poller, EPOLL_CTL_ADD, s->fd, &e) == 0;
}

static void begin(struct stream *s)
{
    s->begin_at = 0;
    waiting--;
    s->is_active = true;
    s->place = HEAD;
    s->is_chunked = s->is_closed_after = s->has_end = s->has_error = s->has_event = false;
    s->deltas = 0;
    s->sent = s->head_length = s->event_length = 0;
    s->left = UINT64_MAX;
    s->asked = now_ns();
    s->is_reused = s->fd >= 0;
    if (s->is_reused) {
        send_request(s);
    } else if (!open_connection(s)) {
        note_error("connect:", strerror(errno), 60);
        finish(s, false);
    }
}

// ---- reading an answer

static bool begins(const char *text, size_t length, const char *with)
{
    size_t n = strlen(with);
    return length >= n && memcmp(text, with, n) == 0;
}

static bool has(const char *text, size_t length, const char *part)
{
    return memmem(text, length, part, strlen(part)) != NULL;
}

// Counts the stamps of a line; a proxy may have joined deltas.
static long stamps(const char *text, size_t length, uint64_t now)
{
    const char *end = text + length, *at = text;
    long count = 0;
    while ((at = memchr(at, '@', (size_t)(end - at))) != NULL) {
        uint64_t stamp = 0;
        const char *digit = ++at;
        while (digit < end && *digit >= '0' && *digit <= '9')
            stamp = stamp * 10 + (uint64_t)(*digit++ - '0');
        if (digit - at < 8 || digit == end || *digit != '@') continue;
        add_time(&latency, now > stamp ? now - stamp : 0);
        at = digit + 1;
        count++;
    }
    return count;
}

// A line of the events.
static void take_line(struct stream *s, const char *line, size_t length, uint64_t now)
{
    if (!begins(line, length, "data:")) return;
    if (!s->has_event) add_time(&first_event, now - s->asked);
    s->has_event = true;
    long count = stamps(line, length, now);
    s->deltas += count;
    deltas += (uint64_t)count;
    if (count > 0) return;
    if (has(line, length, "[DONE]") || has(line, length, "\"message_stop\"")) s->has_end = true;
    if (has(line, length, "\"error\"")) {
        note_error("event:", line, length);
        s->has_error = true;
    }
}

// Appends to a line what there is room for; its length.
static size_t keep(char *line, size_t length, const char *bytes, size_t count)
{
    size_t kept = count < LINE_KEPT - length ? count : LINE_KEPT - length;
    memcpy(line + length, bytes, kept);
    return length + kept;
}

// Takes the lines of some bytes; a last one without its end is kept for the next.
static void take_events(struct stream *s, const char *bytes, size_t length, uint64_t now)
{
    const char *end = bytes + length;
    while (bytes < end) {
        const char *line_end = memchr(bytes, '\n', (size_t)(end - bytes));
        size_t n = (size_t)((line_end ? line_end : end) - bytes);
        if (line_end && s->event_length == 0) {
            take_line(s, bytes, n, now);
        } else {
            s->event_length = keep(s->event, s->event_length, bytes, n);
            if (line_end) {
                take_line(s, s->event, s->event_length, now);
                s->event_length = 0;
            }
        }
        bytes += n + (line_end ? 1 : 0);
    }
}

// A line of the head, or of what stands around chunks; without its end. False: no good answer.
static bool take_head_line(struct stream *s)
{
    char *line = s->head;
    size_t length = s->head_length;
    if (length > 0 && line[length - 1] == '\r') length--;
    line[length] = 0;
    s->head_length = 0;
    switch (s->place) {
    case HEAD:
        if (strncasecmp(line, "transfer-encoding:", 18) == 0)
            s->is_chunked = has(line, length, "chunked");
        if (strncasecmp(line, "content-length:", 15) == 0) s->left = strtoull(line + 15, NULL, 10);
        if (strncasecmp(line, "connection:", 11) == 0 && strcasestr(line, "close"))
            s->is_closed_after = true;
        if (begins(line, length, "HTTP/1.") && !begins(line, length, "HTTP/1.1 200")) {
            note_error("status:", line, length);
            return false;
        }
        if (length == 0) s->place = s->is_chunked ? CHUNK_SIZE : s->left == 0 ? COMPLETE : BODY;
        return true;
    case CHUNK_SIZE:
        s->left = strtoull(line, NULL, 16);
        s->place = s->left > 0 ? CHUNK : TRAILER;
        return true;
    case CHUNK_END:
        s->place = CHUNK_SIZE;
        return length == 0;
    default: // TRAILER
        if (length == 0) s->place = COMPLETE;
        return true;
    }
}

// Takes bytes of an answer. False: no good answer.
static bool take(struct stream *s, const char *bytes, size_t length, uint64_t now)
{
    while (length > 0 && s->place != COMPLETE) {
        size_t n;
        if (s->place == CHUNK || s->place == BODY) {
            n = s->left < length ? (size_t)s->left : length;
            take_events(s, bytes, n, now);
            s->left -= n;
            if (s->left == 0) s->place = s->place == CHUNK ? CHUNK_END : COMPLETE;
            if (s->place == CHUNK_END && n + 2 <= length && bytes[n] == '\r'
                && bytes[n + 1] == '\n') {
                n += 2; // as it nearly always is
                s->place = CHUNK_SIZE;
            }
        } else {
            const char *line_end = memchr(bytes, '\n', length);
            n = line_end ? (size_t)(line_end - bytes) + 1 : length;
            s->head_length = keep(s->head, s->head_length, bytes, line_end ? n - 1 : n);
            if (line_end && !take_head_line(s)) return false;
        }
        bytes += n;
        length -= n;
    }
    return length == 0;
}

// The other side has closed.
static void closed(struct stream *s)
{
    if (!s->is_active) {
        hang_up(s);
    } else if (s->is_reused && s->place == HEAD && s->head_length == 0) {
        uint64_t asked = s->asked; // a kept connection may be closed at any time: once more
        hang_up(s);
        waiting++;
        begin(s);
        s->asked = asked;
    } else {
        bool is_whole = s->place == BODY && s->left > UINT64_MAX / 2; // it had no length
        s->is_closed_after = true;
        if (!is_whole) note_error("closed within an answer", "", 0);
        finish(s, is_whole);
    }
}

static void receive(struct stream *s)
{
    static char buffer[256 * 1024];
    ssize_t n = recv(s->fd, buffer, sizeof buffer, 0);
    uint64_t now = now_ns();
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n <= 0 || !s->is_active) closed(s);
    else if (!take(s, buffer, (size_t)n, now)) finish(s, false);
    else if (s->place == COMPLETE) finish(s, true);
}

static void connected(struct stream *s)
{
    int error = 0;
    socklen_t length = sizeof error;
    getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &error, &length);
    s->is_connecting = false;
    if (error) {
        note_error("connect:", strerror(error), 60);
        finish(s, false);
    } else {
        send_request(s);
    }
}

static void on_event(struct stream *s, uint32_t events)
{
    if (s->fd >= 0 && s->is_connecting) connected(s);
    else if (s->fd >= 0 && s->is_active && (events & EPOLLOUT)) send_request(s);
    if (s->fd >= 0 && !s->is_connecting && (events & ~(uint32_t)EPOLLOUT)) receive(s);
}

// ---- the run

// Begins what is to begin; the time in ms until something is next.
static int begin_due(void)
{
    uint64_t now = now_ns(), next = now + 50000000u;
    for (long i = 0; i < stream_count && waiting > 0; i++) {
        if (streams[i].begin_at && streams[i].begin_at <= now) begin(&streams[i]);
        if (streams[i].begin_at && streams[i].begin_at < next) next = streams[i].begin_at;
    }
    now = now_ns();
    return next > now ? (int)((next - now) / 1000000u) : 0;
}

static void run(void)
{
    struct epoll_event events[EPOLL_BATCH];
    uint64_t give_up = begun_at + (uint64_t)deadline * 1000000000u;
    for (uint64_t now = begun_at; live > 0 && now < give_up; now = now_ns()) {
        if (seconds > 0 && now >= end_at) return;
        int n = epoll_wait(poller, events, EPOLL_BATCH, begin_due());
        for (int i = 0; i < n; i++) on_event(events[i].data.ptr, events[i].events);
    }
}

static void report(void)
{
    double elapsed = (double)(now_ns() - begun_at) / 1e9;
    deltas_in_time = deltas;
    for (long i = 0; i < stream_count; i++) { // past the deadline; with --seconds they may be open
        if (streams[i].is_active && seconds == 0) {
            note_error("not ended within the deadline", "", 0);
            rounds = 0;
            finish(&streams[i], false);
        }
    }
    printf("{\"streams_ok\":%llu,\"errors\":%llu,\"missing\":%llu,\"events\":%llu,"
           "\"connections\":%llu,\"seconds\":%.3f,\"events_per_s\":%.1f,",
           (unsigned long long)ok, (unsigned long long)errors, (unsigned long long)missing,
           (unsigned long long)deltas, (unsigned long long)connections, elapsed,
           (double)deltas_in_time / elapsed);
    printf("\"first_p50_us\":%.1f,\"first_p99_us\":%.1f,\"first_max_us\":%.1f,",
           percentile(&first_event, 50), percentile(&first_event, 99),
           (double)first_event.max / 1e3);
    printf("\"latency_p50_us\":%.1f,\"latency_p90_us\":%.1f,\"latency_p99_us\":%.1f,"
           "\"latency_max_us\":%.1f,\"error\":\"%s\"}\n",
           percentile(&latency, 50), percentile(&latency, 90), percentile(&latency, 99),
           (double)latency.max / 1e3, error_sample);
}

static long number(const char *text, long min, long max)
{
    char *end;
    long n = strtol(text, &end, 10);
    if (*text == 0 || *end != 0 || n < min || n > max)
        fail("a number is no number, or out of range");
    return n;
}

static void read_arguments(int count, char **arguments)
{
    for (int i = 1; i < count; i += 2) {
        const char *name = arguments[i], *value = arguments[i + 1];
        if (i + 1 == count) fail("the last option has no value");
        if (!strcmp(name, "--port")) port = number(value, 1, 65535);
        else if (!strcmp(name, "--path")) path = value;
        else if (!strcmp(name, "--body")) body_file = value;
        else if (!strcmp(name, "--streams")) stream_count = number(value, 1, STREAMS_MAX);
        else if (!strcmp(name, "--events")) event_count = number(value, 0, 1000000);
        else if (!strcmp(name, "--rounds")) rounds = number(value, 1, 1000000);
        else if (!strcmp(name, "--seconds")) seconds = number(value, 1, 3600);
        else if (!strcmp(name, "--ramp")) ramp_ms = number(value, 0, 600000);
        else if (!strcmp(name, "--deadline")) deadline = number(value, 1, 3600);
        else if (!strcmp(name, "--header")) {
            size_t used = strlen(headers);
            if (used + strlen(value) + 3 > sizeof headers) fail("too many headers");
            snprintf(headers + used, sizeof headers - used, "%s\r\n", value);
        } else fail("not understood; the options are at the top of streams.c");
    }
    if (!port || !body_file) fail("--port and --body are needed");
    if (rounds == 0) rounds = 1;
}

static void make_request(void)
{
    FILE *file = fopen(body_file, "rb");
    if (!file || fseek(file, 0, SEEK_END)) fail("cannot read the body's file");
    long length = ftell(file);
    if (length < 0 || length > BODY_MAX) fail("the body's file is too large");
    rewind(file);
    size_t room = sizeof headers + strlen(path) + 256;
    request = malloc(room + (size_t)length);
    if (!request) fail("no memory");
    int head =
        snprintf(request, room,
                 "POST %s HTTP/1.1\r\nHost: 127.0.0.1:%ld\r\nContent-Type: application/json\r\n"
                 "Accept: text/event-stream\r\n%sContent-Length: %ld\r\n\r\n",
                 path, port, headers, length);
    if (fread(request + head, 1, (size_t)length, file) != (size_t)length)
        fail("cannot read the body's file");
    fclose(file);
    request_length = (size_t)head + (size_t)length;
}

int main(int count, char **arguments)
{
    signal(SIGPIPE, SIG_IGN);
    read_arguments(count, arguments);
    make_request();
    poller = epoll_create1(EPOLL_CLOEXEC);
    streams = calloc((size_t)stream_count, sizeof *streams);
    if (poller < 0 || !streams) fail("no memory");
    live = waiting = stream_count;
    begun_at = now_ns();
    end_at = begun_at + (uint64_t)seconds * 1000000000u;
    for (long i = 0; i < stream_count; i++) {
        streams[i].fd = -1;
        streams[i].begin_at =
            begun_at + (uint64_t)ramp_ms * 1000000u * (uint64_t)i / (uint64_t)stream_count;
    }
    run();
    report();
    return 0;
}
