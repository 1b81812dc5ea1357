package timeline

import "slices"

// InScript reports whether a moment lies inside a script or function that held the host. While one runs for too long the server looks after
// its connections now and then, and may write of them (redis 7.4.1 script.c scriptInterrupt): it serves nobody all the same.
func (h *Host) InScript(at micros) bool {
	return slices.ContainsFunc(h.Holds, func(e Explanation) bool {
		return e.Kind == "slow-script" && at > e.From+SameMoment && at < e.To-SameMoment
	})
}
