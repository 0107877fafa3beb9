package ccproxy.observe;

import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/// One line of the log while it is put together; nothing is written before [#write]. Belongs to one
/// thread. Text is masked (see [Secrets]) and long text is cut, so that a line stays under 32 kB
/// whatever is put into it. A field given twice keeps its last value.
public final class LogLine {
    private static final int LINE_BYTES_MAX = 32 * 1024;

    /// Most lines are of requests.
    private static final int LINE_CHARS = 512;

    /// What every line begins with.
    private static final Set<String> HEAD = Set.of("time", "level", "msg");

    /// One value: a message or a stack, not a body.
    private static final int VALUE_BYTES_MAX = 8 * 1024;

    /// A value of this many characters is cut before it is searched for secrets: the rest of it
    /// would not be written anyway, and the search must not cost more than the line is worth.
    private static final int VALUE_CHARS_MAX = 4 * VALUE_BYTES_MAX;

    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);

    /// What reads well without quotes in the text format.
    private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9._:/@+\\-]{1,200}");

    private final Log.Output output;
    private final Log.Level level;
    private final String message;
    private final boolean written;
    private final Map<String, String> fields = new LinkedHashMap<>();

    LogLine(Log.Output output, Log.Level level, String message) {
        this.output = output;
        this.level = level;
        this.message = message;
        this.written = level.compareTo(output.level()) >= 0;
    }

    /// Adds text; null is written as `null`.
    ///
    /// @return this line
    public LogLine with(String name, String value) {
        return written ? put(name, value == null ? "null" : text(value)) : this;
    }

    /// Adds a whole number.
    ///
    /// @return this line
    public LogLine with(String name, long value) {
        return put(name, Long.toString(value));
    }

    /// Adds a number; one that JSON cannot say (NaN, infinite) is written as `null`.
    ///
    /// @return this line
    public LogLine with(String name, double value) {
        return put(name, Double.isFinite(value) ? Double.toString(value) : "null");
    }

    /// Adds `true` or `false`.
    ///
    /// @return this line
    public LogLine with(String name, boolean value) {
        return put(name, Boolean.toString(value));
    }

    /// Adds `error`: class and message; and its `stack`, if the line's level is error or the log's
    /// is debug.
    ///
    /// @return this line
    public LogLine with(Throwable problem) {
        if (!written) return this;
        String detail = problem.getMessage();
        String name = problem.getClass().getName();
        with("error", detail == null ? name : name + ": " + detail);
        boolean hasStack = level == Log.Level.ERROR || output.level() == Log.Level.DEBUG;
        return hasStack ? with("stack", stack(problem)) : this;
    }

    /// Writes the line, if its level is. With a [RequestContext] bound, its `request_id` is added
    /// unless the line has one.
    public void write() {
        if (!written) return;
        String requestId = RequestContext.current().requestId();
        if (!requestId.isEmpty()) fields.putIfAbsent("request_id", text(requestId));
        String line = output.format() == Log.Format.JSON ? json() : plain();
        byte[] bytes = line.getBytes(StandardCharsets.UTF_8);
        PrintStream stream = output.stream();
        // One call: a PrintStream is locked for the length of a call, so lines never mix.
        stream.write(bytes, 0, bytes.length);
        stream.flush();
    }

    private LogLine put(String name, String json) {
        if (written) fields.put(name, json);
        return this;
    }

    private String json() {
        var out = new StringBuilder(LINE_CHARS);
        out.append("{\"time\":\"").append(TIME.format(Instant.now()));
        out.append("\",\"level\":\"").append(level.text());
        out.append("\",\"msg\":").append(text(message));
        // The end.
        int room = LINE_BYTES_MAX - utf8Length(out.toString()) - 2;
        for (var field : fields.entrySet()) {
            // A reader must find the line's time where it looks.
            if (HEAD.contains(field.getKey())) continue;
            String name = JsonText.quote(field.getKey(), 200);
            // The comma and the colon.
            room -= name.length() + utf8Length(field.getValue()) + 2;
            if (room < 0) break;
            out.append(',').append(name).append(':').append(field.getValue());
        }
        return out.append("}\n").toString();
    }

    private String plain() {
        String shown = text(message);
        var out = new StringBuilder();
        out.append(TIME.format(Instant.now())).append(' ');
        out.append("%-5s ".formatted(level)).append(shown, 1, shown.length() - 1);
        int room = LINE_BYTES_MAX - utf8Length(out.toString()) - 1;
        for (var field : fields.entrySet()) {
            String value = unquoted(field.getValue());
            // A person reads a stack line by line; indented, so that no line of it looks like ours.
            if (field.getKey().equals("stack")) value = value.replace("\\n", "\n    ");
            String part = ' ' + field.getKey() + '=' + value;
            room -= utf8Length(part);
            if (room < 0) break;
            out.append(part);
        }
        return out.append('\n').toString();
    }

    private static String unquoted(String json) {
        if (!json.startsWith("\"")) return json;
        String inside = json.substring(1, json.length() - 1);
        return PLAIN.matcher(inside).matches() ? inside : json;
    }

    private static String text(String value) {
        boolean isLong = value.length() > VALUE_CHARS_MAX;
        String start = isLong ? value.substring(0, VALUE_CHARS_MAX) : value;
        return JsonText.quote(Secrets.mask(start), VALUE_BYTES_MAX);
    }

    private static int utf8Length(String text) {
        return text.getBytes(StandardCharsets.UTF_8).length;
    }

    private static String stack(Throwable problem) {
        var out = new StringWriter();
        problem.printStackTrace(new PrintWriter(out));
        return out.toString();
    }
}
