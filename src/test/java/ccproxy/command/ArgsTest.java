package ccproxy.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ArgsTest {
    @Test
    void withoutASubcommandItServes() {
        assertEquals(Subcommand.SERVE, parse().subcommand());
        assertEquals(Subcommand.SERVE, parse("--port", "1").subcommand());
    }

    @Test
    void valueFollowsOrStandsBehindEquals() {
        assertEquals(Map.of("--port", "9000"), parse("--port", "9000").flags());
        assertEquals(Map.of("--port", "9000"), parse("serve", "--port=9000").flags());
        assertEquals(Map.of("--models", "a=b"), parse("--models=a=b").flags());
        assertEquals(Map.of("--api-key", "--x"), parse("--api-key=--x").flags());
    }

    @Test
    void switchTakesNoValueThatFollows() {
        var args = parse("ask", "--strict", "hello", "--session", "s", "world");
        assertEquals(Map.of("--strict", "true", "--session", "s"), args.flags());
        assertEquals(List.of("hello", "world"), args.words());
    }

    @Test
    void afterTwoDashesEverythingIsAWord() {
        assertEquals(List.of("--port", "-", "--"), parse("ask", "--", "--port", "-", "--").words());
        assertEquals(List.of("-"), parse("ask", "-").words());
    }

    @Test
    void shortHelpIsHelp() {
        assertTrue(parse("config", "-h").flag(Args.HELP).isPresent());
    }

    @Test
    void mistakesAreNamed() {
        assertError(
                "unknown subcommand 'srve': expected serve, ask, config, doctor, usage, replay, token, completion, help; the nearest"
                        + " is serve",
                "srve");
        assertError(
                "unknown flag --prot: found '9000' (command line); expected a known one, the"
                        + " nearest is --port",
                "--prot",
                "9000");
        assertError(
                "unknown flag -p: found '' (command line); expected a known one, the nearest is"
                        + " --port",
                "-p",
                "--strict");
        assertError(
                "--port: expected --port VALUE, a whole number from 0 to 65535, found nothing; a"
                        + " value that starts with -- or is empty goes after =",
                "--port");
        assertError(
                "--port: expected --port VALUE, a whole number from 0 to 65535, found '--strict';"
                        + " a value that starts with -- or is empty goes after =",
                "--port",
                "--strict");
        assertError("--port: expected once, found twice", "--port=1", "--port", "2");
        assertError(
                "unexpected argument 'false' (serve): expected flags only; a value goes after its"
                        + " flag, as in --port 9000 or --strict=false",
                "--strict",
                "false");
    }

    @Test
    void flagOfAnotherSubcommandIsUnknown() {
        for (var arguments :
                List.of(
                        List.of("serve", "--session", "s"),
                        List.of("token", "--port", "1"),
                        List.of("config", "--model=m"))) {
            var e = assertThrows(CommandException.class, () -> Args.parse(arguments));
            assertTrue(e.getMessage().startsWith("unknown flag"), e.getMessage());
        }
    }

    private static Args parse(String... arguments) {
        return Args.parse(List.of(arguments));
    }

    private static void assertError(String message, String... arguments) {
        var e = assertThrows(CommandException.class, () -> parse(arguments));
        assertEquals(message, e.getMessage());
        assertEquals(ExitCode.USAGE, e.code());
    }
}
