package ccproxy.claude;

import java.io.BufferedReader;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/// A `claude` that plays a script: a program of its own, with as little in it as possible, since
/// each test starts some. [FakeCli] starts it.
///
/// The file `options` of its folder says, a line each, how the process behaves (see the methods
/// that read them); what it received stands in `received-<pid>`. A turn plays the steps that the
/// last `play[…]` of its request names, `;` between them, else those of the option `turn`: `start`,
/// `text WORDS`, `texts N WORDS`, `stop` and so on: see [FakeTurn].
final class FakeClaude {
    static final String OPTIONS = "options";
    static final String RECEIVED = "received-";

    private final List<String> options;
    private final OutputStream out;
    private final OutputStream received;
    private final Deque<String> turns = new ArrayDeque<>();
    private String settings = "";
    private String heldReply = "";
    private boolean isPlaying;
    private boolean isInterrupted;

    private FakeClaude(Path folder) throws IOException {
        options = Files.readAllLines(folder.resolve(OPTIONS));
        String name = RECEIVED + ProcessHandle.current().pid();
        received = new FileOutputStream(folder.resolve(name).toFile(), true);
        out = new FileOutputStream(java.io.FileDescriptor.out);
    }

    public static void main(String[] arguments) throws Exception {
        var fake = new FakeClaude(Path.of(arguments[0]));
        for (String argument : arguments) fake.log("argument " + argument);
        System.getenv().forEach((name, value) -> fake.log("variable " + name + "=" + value));
        String first = arguments.length > 1 ? arguments[1] : "";
        switch (first) {
            case "--version" -> fake.version();
            case "auth" -> fake.auth();
            default -> fake.run();
        }
        System.exit(fake.number("exit-at-end", 0));
    }

    void log(String line) {
        try {
            synchronized (received) {
                received.write((line + "\n").getBytes(StandardCharsets.UTF_8));
            }
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    /// {@return the rest of the line that begins with `name`, or `other`}
    String option(String name, String other) {
        for (String line : options) {
            if (line.equals(name)) return "";
            if (line.startsWith(name + " ")) return line.substring(name.length() + 1);
        }
        return other;
    }

    int number(String name, int other) {
        return Integer.parseInt(option(name, Integer.toString(other)));
    }

    boolean has(String name) {
        return !option(name, "-").equals("-");
    }

    /// `version TEXT`, after `version-delay MS`.
    private void version() throws Exception {
        Thread.sleep(number("version-delay", 0));
        emit(option("version", "2.1.330 (Claude Code)"));
    }

    /// `auth JSON`, with the exit code `auth-code N`.
    private void auth() throws IOException {
        emit(option("auth", "{\"loggedIn\":true,\"authMethod\":\"claude.ai\"}"));
        System.exit(number("auth-code", 0));
    }

    /// `start-exit N` ends it at once, with `start-stderr TEXT` on stderr.
    private void run() throws Exception {
        if (has("start-stderr")) System.err.println(option("start-stderr", ""));
        if (has("start-exit")) System.exit(number("start-exit", 0));
        var player = new Thread(this::play, "player");
        player.setDaemon(true);
        player.start();
        var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            log("line " + line);
            if (line.contains("\"type\":\"control_request\"")) control(line);
            else if (line.contains("\"content\":\"/clear\"")) turn("/clear");
            else if (line.contains("\"type\":\"user\"")) turn(settings);
        }
        // `stay` makes it deaf to the end of its input.
        while (has("stay")) Thread.sleep(1000);
    }

    /// `initialize`, `settings`, `blank` and `interrupt` with `hang` (nothing is read any more),
    /// `ignore`, `error TEXT` or `exit TEXT`; `settings late` keeps the reply until the turn has
    /// begun.
    private void control(String line) throws IOException, InterruptedException {
        String id = between(line, "\"request_id\":\"");
        String subtype = between(line, "\"subtype\":\"");
        String name = subtype.equals("apply_flag_settings") ? "settings" : subtype;
        if (name.equals("settings")) {
            synchronized (this) {
                settings = line;
            }
        }
        String how = option(name, "");
        boolean isBlank = line.contains("\"CLAUDE_CODE_EXTRA_BODY\":\"\"");
        if (name.equals("settings") && isBlank) how = option("blank", "");
        String start =
                "{\"type\":\"control_response\",\"response\":{\"request_id\":\"" + id + "\",";
        String reply = start + "\"subtype\":\"success\"" + content(name) + "}}";
        if (how.startsWith("error"))
            reply = start + "\"subtype\":\"error\",\"error\":\"" + how.substring(6) + "\"}}";
        if (how.startsWith("exit")) {
            System.err.println(how.substring(5));
            System.exit(4);
        }
        if (how.equals("hang")) Thread.sleep(1_000_000);
        if (how.equals("late")) heldReply = reply;
        else if (!how.equals("ignore")) emit(reply);
        if (name.equals("interrupt") && how.isEmpty()) interrupt();
    }

    private static String content(String name) {
        return name.equals("initialize")
                ? ",\"response\":{\"account\":{\"tokenSource\":\"none\"},\"models\":[{\"value\":\"default\",\"resolvedModel\":\"claude-sonnet-5[1m]\",\"displayName\":\"Default\"},{\"value\":\"sonnet\",\"resolvedModel\":\"claude-sonnet-5\",\"displayName\":\"Sonnet\"},{\"value\":\"new\",\"resolvedModel\":\"claude-new-9\",\"displayName\":\"New 9\"}]}"
                : "";
    }

    private synchronized void interrupt() {
        isInterrupted = isPlaying;
        notifyAll();
    }

    private synchronized void turn(String steps) {
        turns.add(steps);
        notifyAll();
    }

    private void play() {
        try {
            for (; ; ) {
                String asked = next();
                if (asked.equals("/clear")) clear();
                else new FakeTurn(this).play(steps(asked));
                synchronized (this) {
                    isPlaying = false;
                }
            }
        } catch (InterruptedException | IOException e) {
            log("failed " + e);
            System.exit(99);
        }
    }

    private synchronized String next() throws InterruptedException {
        while (turns.isEmpty()) wait();
        isPlaying = true;
        isInterrupted = false;
        return turns.remove();
    }

    private String steps(String asked) {
        int from = asked.lastIndexOf("play[");
        if (from < 0) return option("turn", "say hello");
        return asked.substring(from + 5, asked.indexOf(']', from));
    }

    /// `clear-cost USD`, and `clear` with `hang`, `error` or `exit`.
    private void clear() throws IOException, InterruptedException {
        String how = option("clear", "");
        if (how.equals("exit")) System.exit(1);
        emit("{\"type\":\"conversation_reset\",\"trigger\":\"clear\"}");
        emit("{\"type\":\"system\",\"subtype\":\"init\",\"tools\":[]}");
        if (how.equals("hang")) pause(Integer.MAX_VALUE);
        emit(
                "{\"is_error\":"
                        + how.equals("error")
                        + ",\"num_turns\":0,\"total_cost_usd\":"
                        + option("clear-cost", "0")
                        + ",\"subtype\":\"success\",\"result\":\"\",\"type\":\"result\"}");
    }

    /// Says that a reply that was held back may go now.
    void begun() throws IOException {
        if (!heldReply.isEmpty()) emit(heldReply);
        heldReply = "";
    }

    /// Waits.
    ///
    /// @return whether it was interrupted
    synchronized boolean pause(long millis) throws InterruptedException {
        long until = System.nanoTime() + millis * 1_000_000;
        for (; ; ) {
            long left = (until - System.nanoTime()) / 1_000_000;
            if (isInterrupted || left <= 0) return isInterrupted;
            wait(left);
        }
    }

    void emit(String line) throws IOException {
        write((line + "\n").getBytes(StandardCharsets.UTF_8));
    }

    void write(byte[] bytes) throws IOException {
        synchronized (out) {
            out.write(bytes);
        }
    }

    private static String between(String line, String before) {
        int from = line.indexOf(before);
        if (from < 0) return "";
        from += before.length();
        return line.substring(from, line.indexOf('"', from));
    }
}
