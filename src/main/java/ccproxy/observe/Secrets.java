package ccproxy.observe;

import java.util.regex.Pattern;

/// Keeps keys and tokens out of anything a person or a log reads.
public final class Secrets {
    /// What stands in the place of a secret.
    public static final String MASK = "***";

    /// A secret shorter than this is not shown in part: what is shown would be too much of it.
    private static final int HINT_LENGTH_MIN = 20;

    /// Keys by their own look: Anthropic's and OpenAI's start with `sk-`, our tokens with `ccp_`.
    /// Eight characters more, so that words such as `sk-learn` stay.
    private static final Pattern KEY = Pattern.compile("\\b(sk-ant-|sk-|ccp_)[A-Za-z0-9_\\-]{8,}");

    /// Secrets by what stands in front of them: a header's name or scheme. Every part is
    /// possessive, so that a hostile text cannot make it backtrack.
    private static final Pattern HEADER =
            Pattern.compile(
                    "(?i)(?<![a-z0-9])((?:x-api-key|(?:proxy-)?authorization|api[_-]?key|auth[_-]?token)"
                            + "[\"']?+\\s*+[:=]\\s*+[\"']?+(?:(?:bearer|basic)\\s++)?+"
                            + "|bearer\\s++)[^\\s\"',;}]++");

    /// The user part of a URL: `https://user:password@host`.
    private static final Pattern USER = Pattern.compile("(://)[^/\\s@\"]{1,1024}+@");

    /// After a line break or another character that JSON writes with letters: a token begins there
    /// as after any other blank.
    private static final String ESCAPE = "(?<=\\\\[bfnrt])|(?<=\\\\u[0-9A-Fa-f]{4})";

    /// Tokens by their own look, and by it alone: for the bodies of a trace, which stay JSON with
    /// them masked, and in which "bearer" is a word. Those above, and what else leads to harm when
    /// a file of a project is shown: GitHub, Slack, AWS, Google, and signed tokens (RFC 7519). What
    /// a start that leads to nothing costs is never paid twice: a hostile text is read in linear
    /// time.
    private static final Pattern TOKEN =
            Pattern.compile(
                    "(?=[sgcxAe])(?:(?:\\b|"
                            + ESCAPE
                            + ")(sk-ant-|sk-|ccp_|gh[opsur]_|github_pat_|xox[abeprs]-|AKIA|AIza)[A-Za-z0-9_\\-]{8,}+"
                            + "|(?:(?<![A-Za-z0-9_\\-])|"
                            + ESCAPE
                            + ")(eyJ)[A-Za-z0-9_\\-]{8,}+\\.[A-Za-z0-9_\\-]++\\.[A-Za-z0-9_\\-]++)");

    private Secrets() {}

    /// {@return a body or an event with every token in it masked that is known by its look; JSON
    /// stays JSON}
    public static String maskTokens(String text) {
        return TOKEN.matcher(text)
                .replaceAll(found -> (found.group(1) == null ? "eyJ" : found.group(1)) + MASK);
    }

    /// {@return `text` with every key and token in it masked}
    public static String mask(String text) {
        if (isHarmless(text)) return text;
        String masked = KEY.matcher(text).replaceAll("$1" + MASK);
        masked = HEADER.matcher(masked).replaceAll("$1" + MASK);
        return USER.matcher(masked).replaceAll("$1" + MASK + "@");
    }

    /// Most of what is logged is a word, a number or a path: the search is for the rest. Every
    /// header and URL has a colon, an equals sign or a blank, and a key begins as keys do.
    private static boolean isHarmless(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c <= ' ' || c == ':' || c == '=') return false;
        }
        return !text.contains("sk-") && !text.contains("ccp_");
    }

    /// {@return enough of a secret to tell it from another: `sk-ant-…xyz4`; `***` if it is short}
    public static String hint(String secret) {
        if (secret.length() < HINT_LENGTH_MIN) return MASK;
        var start = Pattern.compile("^(sk-ant-|sk-|ccp_)").matcher(secret);
        String prefix = start.find() ? start.group() : "";
        return prefix + "…" + secret.substring(secret.length() - 4);
    }
}
