package ccproxy.observe;

import java.text.MessageFormat;
import java.util.MissingResourceException;
import java.util.ResourceBundle;

/// Sends what the JDK itself logs (its HTTP server and client above all) into the same lines, with
/// the logger's name as `logger`. Found by the JDK as a service.
public final class LogFinder extends System.LoggerFinder {
    /// For the service loader.
    public LogFinder() {}

    @Override
    public System.Logger getLogger(String name, Module module) {
        return new Lines(name);
    }

    /// A logger of the JDK, or of a library, by its name.
    private record Lines(String name) implements System.Logger {
        @Override
        public String getName() {
            return name;
        }

        /// What the JDK says at INFO is about itself (the server's start, a request's headers), so
        /// it takes our DEBUG to hear it. Its own TRACE is a line a read and stays off.
        @Override
        public boolean isLoggable(Level level) {
            return switch (level) {
                case ALL, TRACE, OFF -> false;
                case DEBUG, INFO -> Log.writes(Log.Level.DEBUG);
                case WARNING -> Log.writes(Log.Level.WARN);
                case ERROR -> Log.writes(Log.Level.ERROR);
            };
        }

        @Override
        public void log(Level level, ResourceBundle bundle, String message, Throwable thrown) {
            if (!isLoggable(level)) return;
            LogLine line = line(level, localized(bundle, message));
            if (thrown != null) line.with(thrown);
            line.write();
        }

        @Override
        public void log(Level level, ResourceBundle bundle, String format, Object... values) {
            if (!isLoggable(level)) return;
            line(level, filled(localized(bundle, format), values)).write();
        }

        private LogLine line(Level level, String message) {
            var ours =
                    switch (level) {
                        case ALL, TRACE, DEBUG -> Log.Level.DEBUG;
                        case INFO -> Log.Level.INFO;
                        case WARNING -> Log.Level.WARN;
                        case ERROR, OFF -> Log.Level.ERROR;
                    };
            return Log.line(ours, message).with("logger", name);
        }

        private static String localized(ResourceBundle bundle, String message) {
            if (message == null) return "";
            if (bundle == null) return message;
            try {
                return bundle.getString(message);
            } catch (MissingResourceException _) {
                return message;
            }
        }

        private static String filled(String format, Object... values) {
            if (values == null || values.length == 0) return format;
            try {
                return MessageFormat.format(format, values);
            } catch (IllegalArgumentException _) {
                // A line with braces of its own is still worth reading.
                return format;
            }
        }
    }
}
