// Puts load on a server and counts what is lost; exits 1 if anything was. Against the echo backend:
//   java scripts/Load.java http://127.0.0.1:8000/echo --requests 20000 --connections 50
//   java scripts/Load.java http://127.0.0.1:8000/echo --streams 200 --events 100 --delay-ms 20
// Blocking sockets on virtual threads, because java.net.http costs more than the server does.

static final String USAGE = """
        java scripts/Load.java URL [--requests N] [--connections C] [--seconds S]
                                   [--streams K] [--events N] [--delay-ms D]
                                   [--face chat|messages] [--header 'name: value']... [--json]
        URL is http://host:port, with a prefix if you like. --streams opens K streams of N events,
        D ms apart, at once; "late" is what an event took beyond D. --seconds keeps on so long.""";

final Map<String, Integer> options = new HashMap<>(Map.of("--requests", 10_000, "--connections", 16,
        "--seconds", 0, "--streams", 0, "--events", 100, "--delay-ms", 0));
enum Face { chat, messages }
boolean isChat = true, isJson;
String headers = "";
URI url;

void read(String[] args) {
    for (int i = 0; i < args.length; i++) {
        switch (args[i]) {
            case "--json" -> isJson = true;
            case "--header" -> headers += args[++i] + "\r\n";
            case "--face" -> isChat = Face.valueOf(args[++i]) == Face.chat;
            case String s when options.containsKey(s) -> options.put(s, Integer.parseUnsignedInt(args[++i]));
            case String s when s.startsWith("http://") -> url = URI.create(s.replaceFirst("/+(v1/?)?$", ""));
            default -> throw new IllegalArgumentException("not understood: " + args[i]);
        }
    }
    if (url == null) throw new IllegalArgumentException("no URL");
}

/// The bytes of a request; with `events`, for a stream of so many numbered words.
byte[] request(int events, int delayMillis) {
    String words = IntStream.range(0, events).mapToObj(i -> "w" + i).collect(Collectors.joining(" "));
    String script = "/echo {\\\"text\\\":\\\"%s\\\",\\\"delta_delay_ms\\\":%d}".formatted(words, delayMillis);
    String body = """
            {"model":"claude-sonnet-5-5","max_tokens":1000,"stream":%s,
             "messages":[{"role":"user","content":"%s"}]}"""
            .formatted(events > 0, events > 0 ? script : "Say hello.");
    String head = String.join("\r\n",
            "POST " + url.getRawPath() + "/v1/" + (isChat ? "chat/completions" : "messages") + " HTTP/1.1",
            "Host: " + url.getRawAuthority(), "Content-Type: application/json",
            headers + "Anthropic-Version: 2023-06-01", "Content-Length: " + body.length(), "", "");
    return (head + body).getBytes(StandardCharsets.ISO_8859_1);
}

/// A connection that is kept, and the answer that comes over it. For one thread.
static final class Connection {
    private final OutputStream out;
    private final InputStream in;
    boolean isKept;
    private boolean isChunked;
    private long left; // of the body, or of the chunk; -1 after the last chunk

    Connection(Socket socket) throws IOException {
        socket.setTcpNoDelay(true);
        out = socket.getOutputStream();
        in = new BufferedInputStream(socket.getInputStream());
    }

    /// Sends a request and reads the head of the answer; its status.
    int ask(byte[] request) throws IOException {
        out.write(request);
        String status = line();
        isKept = status.startsWith("HTTP/1.1");
        isChunked = false;
        left = Long.MAX_VALUE; // without a length: to the end of the connection, which is an error
        for (String line = line(); !line.isEmpty(); line = line()) {
            String header = line.toLowerCase(Locale.ROOT).replace(" ", "");
            if (header.equals("transfer-encoding:chunked")) isChunked = true;
            if (header.startsWith("content-length:")) left = Long.parseLong(header.substring(15));
            if (header.equals("connection:close")) isKept = false;
        }
        if (isChunked) left = 0;
        return Integer.parseInt(status.substring(9, 12));
    }

    private int wire() throws IOException {
        int c = in.read();
        if (c < 0) throw new EOFException("the connection ended within an answer");
        return c;
    }

    private String line() throws IOException {
        StringBuilder line = new StringBuilder();
        for (int c = wire(); c != '\n'; c = wire()) line.append((char) c);
        return line.toString().stripTrailing();
    }

    /// A byte of the body, or -1 at its end.
    int read() throws IOException {
        if (left == 0 && isChunked) left = Long.parseLong(line().replaceFirst(";.*", "").trim(), 16);
        if (left == 0 && isChunked) for (left = -1; !line().isEmpty(); ) {} // trailers
        if (left <= 0) return -1;
        int c = wire();
        if (--left == 0 && isChunked && !line().isEmpty()) throw new IOException("not a chunk's end");
        return c;
    }

    /// A line of the body with its end, or "" at the end of the body.
    String text() throws IOException {
        StringBuilder text = new StringBuilder();
        for (int c = read(); c >= 0; c = c == '\n' ? -1 : read()) text.append((char) c);
        return text.toString();
    }
}

/// Times in buckets 3 % wide, so that a long run needs no more memory than a short one.
static final class Times {
    private final LongAdder[] buckets = Stream.generate(LongAdder::new).limit(58 * 32).toArray(LongAdder[]::new);
    private final AtomicLong max = new AtomicLong();

    void add(long nanos) {
        long n = Math.max(32, nanos);
        int shift = 58 - Long.numberOfLeadingZeros(n);
        buckets[shift * 32 + (int) (n >> shift) - 32].increment();
        max.accumulateAndGet(nanos, Math::max);
    }

    void report(String name, Map<String, Number> rows) {
        long all = Stream.of(buckets).mapToLong(LongAdder::sum).sum();
        for (int percent : new int[] {50, 90, 99}) {
            int i = 0;
            for (long rank = (all * percent + 99) / 100 - buckets[0].sum(); rank > 0; i++) rank -= buckets[i + 1].sum();
            rows.put(name + "_p" + percent + "_ms", Math.min(max.get(), (i % 32 + 32.5) * (1L << i / 32)) / 1e6);
        }
        rows.put(name + "_max_ms", max.get() / 1e6);
    }
}

/// Requests of one kind, and what became of them.
final class Run {
    static final Pattern WORD = Pattern.compile("[ \"]w([0-9]+)");
    final byte[] request;
    final int events, delayMillis;
    final Times first = new Times(), late = new Times(); // first: to the first event, or to the end
    final LongAdder done = new LongAdder(), seen = new LongAdder();
    final LongAdder missing = new LongAdder(), reordered = new LongAdder();
    final Map<String, LongAdder> errors = new ConcurrentHashMap<>();
    final AtomicLong tickets = new AtomicLong();
    long start, end;

    Run(int events, int delayMillis) {
        this.events = events;
        this.delayMillis = delayMillis;
        this.request = request(events, delayMillis);
    }

    /// `wanted` requests over so many connections or, with a limit, as many as begin within it.
    Run go(int connections, long wanted, int secondsMax) {
        start = System.nanoTime();
        tickets.set(secondsMax > 0 ? Long.MAX_VALUE : wanted);
        end = secondsMax > 0 ? start + secondsMax * 1_000_000_000L : Long.MAX_VALUE;
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < connections; i++) threads.submit(this::work);
        }
        end = System.nanoTime();
        return this;
    }

    private void work() {
        BooleanSupplier isMore = () -> System.nanoTime() < end && tickets.getAndDecrement() > 0;
        while (isMore.getAsBoolean()) {
            try (Socket socket = new Socket(url.getHost(), url.getPort() < 0 ? 80 : url.getPort())) {
                socket.setSoTimeout(30_000 + 2 * delayMillis);
                Connection connection = new Connection(socket);
                do one(connection); while (connection.isKept && isMore.getAsBoolean());
            } catch (IOException | RuntimeException e) {
                LockSupport.parkNanos(10_000_000); // a server that is down is not to be stormed
                errors.computeIfAbsent("" + e.getMessage(), _ -> new LongAdder()).increment();
            }
        }
    }

    private void one(Connection connection) throws IOException {
        long asked = System.nanoTime();
        int status = connection.ask(request);
        if (status == 200 && events > 0) stream(connection, asked);
        while (connection.read() >= 0) {}
        if (status != 200) throw new IOException("status " + status);
        if (events == 0) first.add(System.nanoTime() - asked);
        done.increment();
    }

    /// Reads a stream: each word must come once and in order, and an end behind the last.
    private void stream(Connection connection, long asked) throws IOException {
        BitSet words = new BitSet(events);
        boolean isEnded = false;
        try {
            long before = 0;
            for (String line = connection.text(); !line.isEmpty(); line = connection.text()) {
                if (!line.startsWith("data:")) continue;
                long now = System.nanoTime();
                if (before == 0) first.add(now - asked);
                for (Matcher found = WORD.matcher(line); found.find(); ) {
                    int word = Integer.parseInt(found.group(1));
                    if (word < words.length()) reordered.increment();
                    if (word > 0) late.add(Math.max(0, now - before - delayMillis * 1_000_000L));
                    words.set(word);
                }
                isEnded |= line.contains(isChat ? "[DONE]" : "\"message_stop\"");
                before = now;
            }
        } finally {
            seen.add(words.cardinality());
            missing.add(events - words.cardinality());
        }
        if (!isEnded) throw new IOException("a stream has no end");
    }

    Map<String, Number> report() {
        Map<String, Number> rows = new LinkedHashMap<>();
        double seconds = (end - start) / 1e9;
        rows.put(events > 0 ? "streams" : "requests", done.sum());
        rows.put("seconds", seconds);
        rows.put(events > 0 ? "events_per_s" : "requests_per_s", (events > 0 ? seen : done).sum() / seconds);
        first.report(events > 0 ? "first_event" : "latency", rows);
        if (events > 0) late.report("late", rows);
        rows.put("missing", missing.sum());
        rows.put("reordered", reordered.sum());
        rows.put("errors", errors.values().stream().mapToLong(LongAdder::sum).sum());
        return rows;
    }
}

void main(String[] args) {
    try {
        read(args);
    } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
        System.err.println(e.getMessage() + "\n" + USAGE);
        System.exit(2);
    }
    int events = options.get("--streams") > 0 ? Math.max(1, options.get("--events")) : 0;
    int connections = options.get(events > 0 ? "--streams" : "--connections");
    int wanted = options.get(events > 0 ? "--streams" : "--requests");
    // Warm-up.
    new Run(Math.min(events, 20), 0).go(Math.min(connections, 50), events > 0 ? 500 : Math.min(5_000, wanted), 0);
    Run run = new Run(events, options.get("--delay-ms")).go(connections, wanted, options.get("--seconds"));
    StringJoiner rows = isJson ? new StringJoiner(",", "{", "}") : new StringJoiner("\n");
    run.report().forEach((name, value) -> {
        Object text = value instanceof Double ? String.format(Locale.ROOT, "%.2f", value) : value;
        rows.add((isJson ? "\"%s\":%s" : "%-18s %12s").formatted(name, text));
    });
    IO.println(rows);
    run.errors.forEach((error, count) -> System.err.println(count + " x " + error));
    System.exit(run.done.sum() > 0 && run.errors.isEmpty() && run.missing.sum() + run.reordered.sum() == 0 ? 0 : 1);
}
