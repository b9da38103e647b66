//go:build linux

package main

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"time"
)

// browser is a chromium with one page, told what to do by the DevTools protocol over a
// pair of pipes (--remote-debugging-pipe): messages in JSON, each ended by a zero byte.
type browser struct {
	command *exec.Cmd
	to      *os.File
	answers chan reply
	serial  int
	session string
	faults  []string // what the page complained about
}

type reply struct {
	ID     int
	Method string
	Params json.RawMessage
	Result json.RawMessage
	Error  *struct{ Message string }
}

// launch starts chromium behind a command that begins as given.
func launch(ctx context.Context, before []string, folder string) (*browser, error) {
	if _, err := exec.LookPath("chromium"); err != nil {
		return nil, errors.New("there is no chromium: apt-get install chromium")
	}
	theirIn, ourOut, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	ourIn, theirOut, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	args := append(before[1:len(before):len(before)], "chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
		"--hide-scrollbars", "--force-color-profile=srgb", "--user-data-dir="+folder+"/chromium", "--remote-debugging-pipe", "about:blank")
	b := &browser{command: exec.CommandContext(ctx, before[0], args...), to: ourOut, answers: make(chan reply, 1000)}
	b.command.ExtraFiles = []*os.File{theirIn, theirOut} // 3 and 4
	if err := b.command.Start(); err != nil {
		return nil, err
	}
	theirIn.Close()
	theirOut.Close()
	go func() {
		defer close(b.answers)
		for from := bufio.NewReaderSize(ourIn, 1<<20); ; {
			text, err := from.ReadBytes(0)
			var r reply
			if err != nil || json.Unmarshal(text[:len(text)-1], &r) != nil {
				return
			}
			b.answers <- r
		}
	}()
	return b, b.open()
}

func (b *browser) end() {
	_, _ = b.call("Browser.close", nil)
	b.to.Close()
	kill := time.AfterFunc(10*time.Second, func() { _ = b.command.Process.Kill() })
	defer kill.Stop()
	_ = b.command.Wait()
}

// open makes the one page.
func (b *browser) open() error {
	var target struct{ TargetID string }
	var attached struct{ SessionID string }
	if err := b.ask("Target.createTarget", map[string]any{"url": "about:blank"}, &target); err != nil {
		return err
	}
	if err := b.ask("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &attached); err != nil {
		return err
	}
	b.session = attached.SessionID
	for _, what := range []string{"Page.enable", "Runtime.enable", "Log.enable"} {
		if _, err := b.call(what, nil); err != nil {
			return err
		}
	}
	return nil
}

// call sends a command and waits for its answer; what the page complains about
// meanwhile is kept.
func (b *browser) call(method string, params any) (json.RawMessage, error) {
	b.serial++
	message := map[string]any{"id": b.serial, "method": method}
	if params != nil {
		message["params"] = params
	}
	if b.session != "" && method != "Browser.close" {
		message["sessionId"] = b.session
	}
	text, err := json.Marshal(message)
	if err != nil {
		return nil, err
	}
	if _, err := b.to.Write(append(text, 0)); err != nil {
		return nil, err
	}
	overdue := time.After(time.Minute)
	for {
		select {
		case r, alive := <-b.answers:
			switch {
			case !alive:
				return nil, errors.New("chromium has ended")
			case r.Method == "Runtime.exceptionThrown", r.Method == "Log.entryAdded":
				b.faults = append(b.faults, string(r.Params))
			case r.ID == b.serial && r.Error != nil:
				return nil, fmt.Errorf("%s: %s", method, r.Error.Message)
			case r.ID == b.serial:
				return r.Result, nil
			}
		case <-overdue:
			return nil, fmt.Errorf("%s: no answer", method)
		}
	}
}

func (b *browser) ask(method string, params, result any) error {
	answer, err := b.call(method, params)
	if err != nil {
		return err
	}
	return json.Unmarshal(answer, result)
}

// eval is the value of an expression in the page.
func (b *browser) eval(expression string) (any, error) {
	var r struct {
		Result           struct{ Value any }
		ExceptionDetails json.RawMessage
	}
	if err := b.ask("Runtime.evaluate", map[string]any{"expression": expression, "returnByValue": true}, &r); err != nil {
		return nil, err
	}
	if r.ExceptionDetails != nil {
		return nil, fmt.Errorf("%s: %s", expression, r.ExceptionDetails)
	}
	return r.Result.Value, nil
}

// until waits for an expression to be true in the page.
func (b *browser) until(what, expression string) error {
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		is, err := b.eval(expression)
		if err != nil || is == true {
			return err
		}
		if time.Now().After(deadline) {
			text, _ := b.eval("document.body.innerText")
			return fmt.Errorf("the page does not show: %s; it shows:\n%v", what, text)
		}
	}
}

// picture writes what is seen of the page.
func (b *browser) picture(path string) error {
	var shot struct{ Data string }
	if err := b.ask("Page.captureScreenshot", map[string]any{"format": "png"}, &shot); err != nil {
		return err
	}
	png, err := base64.StdEncoding.DecodeString(shot.Data)
	if err != nil {
		return err
	}
	return os.WriteFile(path, png, 0o644)
}
