package ccproxy.observe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ListResourceBundle;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class LogFinderTest {
    private final ByteArrayOutputStream written = new ByteArrayOutputStream();
    private final Log.Output before = configure(Log.Level.INFO);
    private final System.Logger logger = System.getLogger("com.sun.net.httpserver");

    @AfterEach
    void restore() {
        Log.configure(before);
    }

    @Test
    void jdkFindsOurs() {
        assertInstanceOf(LogFinder.class, System.LoggerFinder.getLoggerFinder());
    }

    @Test
    void warningOfTheJdkIsOneOfOurLines() {
        logger.log(System.Logger.Level.WARNING, "timeout {0}", "a\nb");
        assertEquals("warn", line().path("level").asString());
        assertEquals("com.sun.net.httpserver", line().path("logger").asString());
        assertEquals("timeout a\nb", line().path("msg").asString());
    }

    @Test
    void throwableOfTheJdkIsTheLinesError() {
        logger.log(System.Logger.Level.ERROR, "m", new IllegalStateException("why"));
        assertEquals("error", line().path("level").asString());
        assertEquals("java.lang.IllegalStateException: why", line().path("error").asString());
    }

    @Test
    void jdkIsQuietBelowWarningUnlessDebugIsOn() {
        logger.log(System.Logger.Level.INFO, "HttpServer created");
        assertEquals(0, written.size());
        configure(Log.Level.DEBUG);
        assertFalse(logger.isLoggable(System.Logger.Level.TRACE));
        logger.log(System.Logger.Level.TRACE, "m");
        assertEquals(0, written.size());
        logger.log(System.Logger.Level.INFO, "HttpServer created");
        assertEquals("info", line().path("level").asString());
        written.reset();
        logger.log(System.Logger.Level.DEBUG, "m");
        assertEquals("debug", line().path("level").asString());
    }

    @Test
    void jdkIsQuietWhenOnlyErrorsAreWanted() {
        configure(Log.Level.ERROR);
        logger.log(System.Logger.Level.WARNING, "m");
        assertEquals(0, written.size());
        assertTrue(logger.isLoggable(System.Logger.Level.ERROR));
    }

    @Test
    void messageOfABundleIsLookedUp() {
        var bundle =
                new ListResourceBundle() {
                    @Override
                    protected Object[][] getContents() {
                        return new Object[][] {{"key", "looked up"}};
                    }
                };
        logger.log(System.Logger.Level.WARNING, bundle, "key", (Throwable) null);
        assertEquals("looked up", line().path("msg").asString());
        written.reset();
        logger.log(System.Logger.Level.WARNING, bundle, "no key", (Throwable) null);
        assertEquals("no key", line().path("msg").asString());
    }

    @Test
    void bracesThatAreNoPlaceholderDoNotLoseTheLine() {
        logger.log(System.Logger.Level.WARNING, "{json}", "x");
        assertEquals("{json}", line().path("msg").asString());
        written.reset();
        logger.log(System.Logger.Level.WARNING, (String) null);
        assertEquals("", line().path("msg").asString());
    }

    private Log.Output configure(Log.Level level) {
        var stream = new PrintStream(written, false, StandardCharsets.UTF_8);
        return Log.configure(level, Log.Format.JSON, stream);
    }

    private JsonNode line() {
        return new JsonMapper().readTree(written.toString(StandardCharsets.UTF_8));
    }
}
