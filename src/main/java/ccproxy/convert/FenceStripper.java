package ccproxy.convert;

/// Takes the code fence off an answer that was to be bare JSON, as the answer comes: the first line
/// when it opens a fence, and the last when it closes it. For one answer.
final class FenceStripper {
    private static final String FENCE = "```";

    /// A longer word behind a fence is no language's name.
    private static final int LANGUAGE_CHARACTERS_MAX = 20;

    private final StringBuilder held = new StringBuilder();
    private boolean isBegun;
    private boolean isFenced;
    private boolean isLeading;

    /// {@return what of the answer is certain after `text`}
    String add(String text) {
        held.append(text);
        if (!isBegun && !begin()) return "";
        if (!isFenced) return take(held.length());
        stripLeading();
        // What may be the closing fence waits: white space and fence at the end.
        int certain = held.length();
        while (certain > 0 && isTail(held.charAt(certain - 1))) certain--;
        return take(certain);
    }

    /// Whether the beginning is known: a fence with the language's name behind it, or no fence.
    private boolean begin() {
        int at = 0;
        while (at < held.length() && Character.isWhitespace(held.charAt(at))) at++;
        String start = held.substring(at, Math.min(held.length(), at + FENCE.length()));
        if (start.length() < FENCE.length() && FENCE.startsWith(start)) return false;
        if (start.equals(FENCE)) {
            int end = at + FENCE.length();
            while (end < held.length() && isLanguage(held.charAt(end))) end++;
            if (end == held.length() && end - at <= LANGUAGE_CHARACTERS_MAX) return false;
            held.delete(0, end);
            isFenced = true;
            isLeading = true;
        }
        isBegun = true;
        return true;
    }

    private static boolean isLanguage(char c) {
        return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9';
    }

    /// {@return the rest, without the closing fence}
    String end() {
        String rest = take(held.length());
        if (!isFenced) return rest;
        String stripped = rest.stripTrailing();
        return stripped.endsWith(FENCE)
                ? stripped.substring(0, stripped.length() - FENCE.length()).stripTrailing()
                : rest;
    }

    /// White space between the fence and the value.
    private void stripLeading() {
        int at = 0;
        while (isLeading && at < held.length()) {
            if (Character.isWhitespace(held.charAt(at))) at++;
            else isLeading = false;
        }
        held.delete(0, at);
    }

    private static boolean isTail(char c) {
        return c == '`' || Character.isWhitespace(c);
    }

    private String take(int length) {
        String taken = held.substring(0, length);
        held.delete(0, length);
        return taken;
    }
}
