package ccproxy.observe;

import java.io.PrintStream;
import java.util.Locale;
import java.util.Objects;

/// The log: one line an event, on stderr unless configured otherwise.
///
/// ```java
/// Log.info("session opened").with("session_id", id).with("turns", 5L).write();
/// ```
///
/// Safe for any number of threads: a line is handed to the stream in one piece. The one mutable
/// thing is where lines go, set once at start by [#configure].
public final class Log {
    /// How much a line matters; a line below the configured level is not written.
    public enum Level {
        /// Shapes and sizes, for whoever looks for a fault.
        DEBUG,
        /// One line a request, and changes of state.
        INFO,
        /// Something works worse than asked.
        WARN,
        /// Something did not work; the line carries a stack if it carries a throwable.
        ERROR;

        private final String text = name().toLowerCase(Locale.ROOT);

        /// {@return the level of a name such as `info`}
        ///
        /// @throws IllegalArgumentException if there is none
        public static Level of(String name) {
            return valueOf(name.toUpperCase(Locale.ROOT));
        }

        String text() {
            return text;
        }
    }

    /// How a line looks.
    public enum Format {
        /// `{"time":…,"level":…,"msg":…}`: for programs.
        JSON,
        /// `2026-01-01T00:00:00.000Z INFO session opened session_id=abc`: for people.
        TEXT;

        /// {@return the format of a name such as `json`}
        ///
        /// @throws IllegalArgumentException if there is none
        public static Format of(String name) {
            return valueOf(name.toUpperCase(Locale.ROOT));
        }
    }

    /// Where lines go, and which.
    ///
    /// @param level the least level that is written
    /// @param format how
    /// @param stream where
    public record Output(Level level, Format format, PrintStream stream) {
        /// Checks that every part is there.
        public Output {
            Objects.requireNonNull(level);
            Objects.requireNonNull(format);
            Objects.requireNonNull(stream);
        }
    }

    private static volatile Output output = new Output(Level.INFO, Format.JSON, System.err);

    private Log() {}

    /// Sets where lines go from now on; called once at start.
    ///
    /// @return what was set before, for a test to put back with [#configure(Output)]
    public static Output configure(Level level, Format format, PrintStream stream) {
        return configure(new Output(level, format, stream));
    }

    /// Sets where lines go from now on.
    ///
    /// @return what was set before
    public static Output configure(Output next) {
        Output before = output;
        output = Objects.requireNonNull(next);
        return before;
    }

    /// {@return whether a line of `level` is written}
    public static boolean writes(Level level) {
        return level.compareTo(output.level) >= 0;
    }

    /// {@return a new line, for whoever looks for a fault}
    public static LogLine debug(String message) {
        return line(Level.DEBUG, message);
    }

    /// {@return a new line, for a request or a change of state}
    public static LogLine info(String message) {
        return line(Level.INFO, message);
    }

    /// {@return a new line, for what works worse than asked}
    public static LogLine warn(String message) {
        return line(Level.WARN, message);
    }

    /// {@return a new line, for what did not work}
    public static LogLine error(String message) {
        return line(Level.ERROR, message);
    }

    static LogLine line(Level level, String message) {
        return new LogLine(output, level, message);
    }
}
